import { html } from 'hono/html';
import type { Network } from './network.ts';

/** How many of the last calls the page shows: a screenful. */
const CALLS_SHOWN = 50;

/** The network at a glance, for people. `html` escapes whatever is put into it. */
export function page({ managers, holdings, faults, ledger, pendingLate }: Network) {
  const counts = holdings.counts();
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Network simulator</title>
        <style>
          body {
            font:
              15px/1.5 system-ui,
              sans-serif;
            margin: 2rem auto;
            max-width: 75rem;
            padding: 0 1rem;
            color: #1c2430;
            background: #fff;
          }
          h1 {
            font-size: 1.5rem;
          }
          h2 {
            font-size: 1.1rem;
            margin-top: 2rem;
          }
          .wide {
            overflow-x: auto;
          }
          table {
            border-collapse: collapse;
            width: 100%;
          }
          th,
          td {
            text-align: left;
            padding: 0.25rem 0.75rem 0.25rem 0;
            border-bottom: 1px solid #dde3ea;
            white-space: nowrap;
          }
          th {
            font-weight: 600;
          }
          .bad {
            color: #a11;
          }
          code {
            font-size: 0.9em;
          }
          @media (prefers-color-scheme: dark) {
            body {
              background: #12161c;
              color: #dfe6ee;
            }
            th,
            td {
              border-color: #2c3540;
            }
            .bad {
              color: #ff8f8f;
            }
            a {
              color: #8fbcff;
            }
          }
        </style>
      </head>
      <body>
        <h1>Network simulator</h1>
        <p>
          Element managers with state, a ledger of every call, and faults on demand. For machines:
          <a href="/_control">/_control</a>.
        </p>

        <h2>Element managers</h2>
        <div class="wide">
          <table>
            <tr>
              <th>Manager</th>
              <th>Path</th>
              <th>Services held</th>
              <th>Same reference again</th>
              <th>Operations</th>
            </tr>
            ${Object.values(managers).map(
              ({ name, title, idempotent, operations }) =>
                html`<tr>
                  <td>${title}</td>
                  <td><code>/${name}</code></td>
                  <td>${counts[name] ?? 0}</td>
                  <td>${idempotent ? 'is answered' : 'does it again'}</td>
                  <td>${Object.keys(operations).join(', ')}</td>
                </tr>`,
            )}
          </table>
        </div>
        <p>
          <a href="/_control/holdings">Everything held</a>. Calls cut off and still to take effect: ${pendingLate()}.
        </p>

        <h2>Faults in force</h2>
        ${
          faults.list().length === 0
            ? html`<p>None: the network behaves.</p>`
            : html`<div class="wide">
                <table>
                  <tr>
                    <th>Id</th>
                    <th>Kind</th>
                    <th>Manager</th>
                    <th>Operation</th>
                    <th>Probability</th>
                    <th>Struck</th>
                    <th>Parameters</th>
                  </tr>
                  ${faults.list().map(
                    ({ rule, fired }) =>
                      html`<tr>
                        <td>${rule.id}</td>
                        <td>${rule.kind}</td>
                        <td>${rule.manager}</td>
                        <td>${rule.operation}</td>
                        <td>${rule.probability}</td>
                        <td>${fired}${rule.count === undefined ? '' : ` of ${rule.count}`}</td>
                        <td><code>${JSON.stringify(rule.params)}</code></td>
                      </tr>`,
                  )}
                </table>
              </div>`
        }

        <h2>Last calls</h2>
        <div class="wide">
          <table>
            <tr>
              <th>#</th>
              <th>At</th>
              <th>Call</th>
              <th>Service</th>
              <th>Reference</th>
              <th>Outcome</th>
              <th>Effect</th>
              <th>Fault</th>
            </tr>
            ${ledger.latest(CALLS_SHOWN).map(
              (row) =>
                html`<tr>
                  <td>${row.seq}</td>
                  <td>${row.at}</td>
                  <td>${row.manager} ${row.operation}</td>
                  <td>${row.serviceRef}</td>
                  <td>${row.reference}</td>
                  <td class="${row.outcome === 'answered' ? '' : 'bad'}">${row.outcome} ${row.status} ${row.code}</td>
                  <td>${row.effect ? 'yes' : 'no'}${row.effects > 1 ? ` (${row.effects} times)` : ''}</td>
                  <td>${row.fault}</td>
                </tr>`,
            )}
          </table>
        </div>
        <p><a href="/_control/ledger/summary">Calls by reference</a></p>
      </body>
    </html>`;
}
