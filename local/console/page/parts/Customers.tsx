import type { ConsoleCustomer, ConsoleWatch } from '../../consoleApi';
import { useNow } from '../hooks';
import { scenarioName, type Tone } from '../jobWords';
import { shownRemaining } from '../shownTime';
import { Badge, Outside } from './text';

const CONSENT_WORDS: Readonly<Record<ConsoleCustomer['consent'], { readonly label: string; readonly tone: Tone }>> = {
  granted: { label: 'Consent granted', tone: 'good' },
  notGranted: { label: 'No consent yet', tone: 'plain' },
  withdrawn: { label: 'Consent withdrawn', tone: 'bad' },
};
/** The app renews a subscription well before this: less time than this means that renewals fail. */
const SOON_MS = 3 * 60 * 60 * 1000;

/** The customers, their watches, and when the subscription of each expires. */
export function Customers({ customers }: { readonly customers: readonly ConsoleCustomer[] }) {
  const now = useNow();
  return (
    <section class="panel customers" aria-labelledby="customers-title">
      <h2 id="customers-title">Customers and watches</h2>
      {customers.length === 0 ? (
        <p class="empty">
          No customer yet. <code>docs/onboarding.md</code> adds one step by step.
        </p>
      ) : null}
      {customers.map((customer) => (
        <div key={customer.tenantId} class="customer">
          <h3>
            <Outside text={customer.name} />
          </h3>
          <Badge tone={CONSENT_WORDS[customer.consent].tone}>{CONSENT_WORDS[customer.consent].label}</Badge>
          {customer.watches.length === 0 ? (
            <p class="empty">No watch yet: the app is not notified about its jobs.</p>
          ) : (
            <ul>
              {customer.watches.map((watch) => (
                <Watch key={watch.watchId} watch={watch} now={now} />
              ))}
            </ul>
          )}
        </div>
      ))}
    </section>
  );
}

function Watch({ watch, now }: { readonly watch: ConsoleWatch; readonly now: number }) {
  const { name, scenario, status, expiresAt } = watch;
  const left = expiresAt === undefined ? 0 : expiresAt - now;
  return (
    <li class="watch">
      <span class="name">
        <Outside text={name} />
      </span>
      <span class="scenario">{scenarioName(scenario)}</span>
      <span class={`status tone-${status === 'live' ? 'good' : 'warn'}`}>
        <Outside text={status} />
      </span>
      {expiresAt === undefined ? (
        <span class="expiry">no subscription</span>
      ) : (
        <span class={`expiry ${left < SOON_MS ? 'tone-warn' : ''}`}>
          <span class="unseen">expires in </span>
          <time
            role="timer"
            dateTime={new Date(expiresAt).toISOString()}
            title={`expires ${new Date(expiresAt).toISOString()}`}
          >
            {shownRemaining(left)}
          </time>
        </span>
      )}
    </li>
  );
}
