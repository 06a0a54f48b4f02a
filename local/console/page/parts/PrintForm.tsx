import type { ConsoleCustomer, PrintRequest } from '../../consoleApi';
import type { ConsoleClient } from '../consoleClient';
import { useAction } from '../hooks';
import { scenarioName } from '../jobWords';
import { shownText } from '../shownText';
import { textField } from './form';
import { ActionError } from './text';

interface PrintFormProps {
  readonly customers: readonly ConsoleCustomer[];
  readonly client: ConsoleClient;
  /** With the id of the story. */
  readonly onPrinted: (id: string) => void;
}

/** Prints a job on a simulated printer. */
export function PrintForm({ customers, client, onPrinted }: PrintFormProps) {
  const print = useAction(async (request: PrintRequest) => onPrinted((await client.print(request)).id));
  const hasPrinter = customers.some(({ printers }) => printers.length > 0);
  return (
    <section class="panel print" aria-labelledby="print-title">
      <h2 id="print-title">Print a job</h2>
      {hasPrinter ? (
        <form
          onSubmit={(event) => {
            event.preventDefault();
            void print.run(readForm(new FormData(event.currentTarget), customers));
          }}
        >
          <label class="field">
            Printer
            <select name="printer">
              {customers.map(({ tenantId, name, printers }) => (
                <optgroup key={tenantId} label={shownText(name)}>
                  {printers.map((printer) => (
                    <option key={printer.printerId} value={`${tenantId} ${printer.printerId}`}>
                      {`${shownText(printer.name)} (${scenarioName(printer.scenario)})`}
                    </option>
                  ))}
                </optgroup>
              ))}
            </select>
          </label>
          <label class="field">
            Document
            <input name="document" defaultValue="Quarterly report.pdf" autocomplete="off" spellcheck={false} />
          </label>
          <div class="row">
            <label class="field copies">
              Copies
              <input name="copies" type="number" min="1" max="9999" defaultValue="1" required />
            </label>
            <label class="field pages">
              Pages
              <input name="pages" placeholder="all" pattern="\d+(-\d+)?" title="A page or a range, such as 2 or 1-3" />
            </label>
            <label class="check">
              <input name="color" type="checkbox" />
              Color
            </label>
          </div>
          <button class="primary" type="submit" aria-disabled={print.isBusy}>
            {print.isBusy ? 'Printing…' : 'Print'}
          </button>
          <ActionError text={print.error} />
        </form>
      ) : (
        <p class="empty">
          No printer yet. Add one to the simulated customer as <code>docs/onboarding.md</code> shows, or run{' '}
          <code>npm start</code> without <code>--empty</code>.
        </p>
      )}
    </section>
  );
}

function readForm(form: FormData, customers: readonly ConsoleCustomer[]): PrintRequest {
  const text = (name: string) => textField(form, name).trim();
  const [tenantId = '', printerId = ''] = text('printer').split(' ');
  // Someone has to print. The names of users are those of their customer.
  const domain = customers
    .find((one) => one.tenantId === tenantId)
    ?.name.toLowerCase()
    .replace(/[^a-z0-9]/g, '');
  return {
    ...{ tenantId, printerId, copies: Number(text('copies')), user: `ada@${domain || 'customer'}.example` },
    color: form.has('color'),
    ...(text('document') !== '' && { document: text('document') }),
    ...(text('pages') !== '' && { pages: text('pages') }),
  };
}
