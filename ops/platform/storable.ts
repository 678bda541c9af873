/**
 * Text as PostgreSQL can hold it, in text and in jsonb: NULs and halves of surrogate pairs become U+FFFD. For what
 * comes from outside and is kept for people: one such character in an error's message would otherwise keep the message
 * it is about from ever being recorded.
 */
export const storable = (text: string): string => text.replaceAll('\u0000', '\uFFFD').toWellFormed();
