import type { ConsoleCustomer, ConsoleFault, FaultName, FaultRequest } from '../../consoleApi';
import type { ConsoleClient } from '../consoleClient';
import { useAction, useConfirmation } from '../hooks';
import { shownText } from '../shownText';
import { textField } from './form';
import { ActionError, Badge, Outside } from './text';

const TITLES: Readonly<Record<FaultName, string>> = {
  'lose-next': 'Lose the next notification',
  'repeat-next': 'Repeat the next notification',
  throttle: 'Throttle Graph',
  outage: 'Take Graph down for a minute',
  forge: 'Forge a notification',
  'no-consent': 'Withdraw consent',
  kill: 'Kill the app',
};

/** The words of a button where `Set` and `Clear` do not fit. */
const SETS: Readonly<Partial<Record<FaultName, string>>> = { forge: 'Send', kill: 'Kill', 'no-consent': 'Withdraw' };
const CLEARS: Readonly<Partial<Record<FaultName, string>>> = { outage: 'End', 'no-consent': 'Grant' };

interface Amount {
  readonly field: 'count' | 'seconds';
  readonly label: string;
  /** What the fault has by default. */
  readonly value: number;
}

/** The amounts that are worth a choice. */
const AMOUNTS: Readonly<Partial<Record<FaultName, readonly Amount[]>>> = {
  throttle: [
    { field: 'count', label: 'Calls', value: 2 },
    { field: 'seconds', label: 'Retry after, s', value: 5 },
  ],
  outage: [{ field: 'seconds', label: 'Seconds', value: 60 }],
};

interface FaultsProps {
  readonly faults: readonly ConsoleFault[];
  readonly customers: readonly ConsoleCustomer[];
  readonly client: ConsoleClient;
}

/** The faults to try the app on. */
export function Faults({ faults, customers, client }: FaultsProps) {
  return (
    <section class="panel faults" aria-labelledby="faults-title">
      <h2 id="faults-title">Faults</h2>
      <ul>
        {faults.map((fault) => (
          <Fault key={fault.name} fault={fault} customers={customers} client={client} />
        ))}
      </ul>
    </section>
  );
}

interface FaultProps {
  readonly fault: ConsoleFault;
  readonly customers: readonly ConsoleCustomer[];
  readonly client: ConsoleClient;
}

function Fault({ fault, customers, client }: FaultProps) {
  const { name, meaning, isSet, canClear, state } = fault;
  const title = TITLES[name];
  const [isDone, confirm] = useConfirmation();
  const set = useAction(async (request: FaultRequest) => {
    await client.setFault(name, request);
    confirm();
  });
  const clear = useAction(() => client.clearFault(name));
  const clears = isSet && canClear;
  const amounts = clears ? [] : (AMOUNTS[name] ?? []);
  // Only where the choice matters: `no-consent` takes the only customer by default.
  const asksFor = name === 'no-consent' && customers.length > 1 && !clears ? customers : [];
  return (
    <li class={isSet ? 'is-set' : ''}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void (clears ? clear.run() : set.run(readForm(new FormData(event.currentTarget))));
        }}
      >
        <h3 id={`fault-${name}`}>{title}</h3>
        <button type="submit" aria-describedby={`fault-${name}-meaning`} aria-disabled={set.isBusy || clear.isBusy}>
          {clears ? (CLEARS[name] ?? 'Clear') : isDone && !canClear ? 'Done' : (SETS[name] ?? 'Set')}
          <span class="unseen">: {title}</span>
        </button>
        <p class="meaning" id={`fault-${name}-meaning`}>
          <Outside text={meaning} />
        </p>
        {asksFor.length > 0 ? (
          <label class="field">
            Customer
            <select name="tenantId">
              {asksFor.map((customer) => (
                <option key={customer.tenantId} value={customer.tenantId}>
                  {shownText(customer.name)}
                </option>
              ))}
            </select>
          </label>
        ) : null}
        {amounts.length > 0 ? (
          <div class="amounts">
            {amounts.map(({ field, label, value }) => (
              <label key={field}>
                {label}
                <input
                  name={field}
                  type="number"
                  min="1"
                  max={field === 'count' ? 1000 : 3600}
                  required
                  defaultValue={value}
                />
              </label>
            ))}
          </div>
        ) : null}
        {isSet ? (
          <p class="state">
            <Badge tone="warn">{state === '' ? 'Set' : <Outside text={state} />}</Badge>
          </p>
        ) : null}
        <ActionError text={set.error || clear.error} />
      </form>
    </li>
  );
}

function readForm(form: FormData): FaultRequest {
  const [tenantId, count, seconds] = ['tenantId', 'count', 'seconds'].map((name) => textField(form, name));
  return {
    ...(tenantId && { tenantId }),
    ...(count && { count: Number(count) }),
    ...(seconds && { seconds: Number(seconds) }),
  };
}
