import type { SentEvent } from '../../consoleApi';
import type { ConsoleClient } from '../consoleClient';
import { useAction, useConfirmation } from '../hooks';
import { shownJson, splitJson } from '../shownText';
import { shownClock } from '../shownTime';
import { ActionError, Outside } from './text';

interface EventCardProps {
  readonly event: SentEvent;
  readonly tenantId: string;
  readonly isOpen: boolean;
  readonly client: ConsoleClient;
}

/** An event as the vendor's systems receive it, to read, copy and resend. */
export function EventCard({ event, tenantId, isOpen, client }: EventCardProps) {
  const { type, key, body, sentAt, repeats = 0 } = event;
  const json = shownJson(body);
  const [isCopied, confirmCopy] = useConfirmation();
  const [isResent, confirmResend] = useConfirmation();
  const copy = useAction(async () => {
    await navigator.clipboard.writeText(json).catch(() => {
      throw new Error('The browser does not allow this page to copy. Select the text and copy it.');
    });
    confirmCopy();
  });
  const resend = useAction(async () => {
    await client.resend({ tenantId, key });
    confirmResend();
  });
  return (
    <details class="event" open={isOpen}>
      <summary>
        <h3>
          <Outside text={type} />
        </h3>
        <span class="sent">
          sent <time dateTime={new Date(sentAt).toISOString()}>{shownClock(sentAt)}</time>
          {repeats > 0 ? <span class="repeats"> {repeats + 1} times, same id</span> : null}
        </span>
      </summary>
      <div class="event-bar">
        <p>As your systems receive it from the queue</p>
        <button type="button" onClick={() => void copy.run()}>
          {isCopied ? 'Copied' : 'Copy'}
        </button>
        <button type="button" aria-disabled={resend.isBusy} onClick={() => void resend.run()}>
          {isResent ? 'Resent' : 'Resend'}
        </button>
        <span class="unseen" role="status">
          {isCopied ? 'The event is copied.' : ''}
          {isResent ? 'The event is resent.' : ''}
        </span>
        <ActionError text={copy.error || resend.error} />
      </div>
      <pre tabIndex={0} role="region" aria-label={`Body of ${type}`}>
        {splitJson(json).map((part, at) => (
          <span key={at} class={`json-${part.type}`}>
            {part.text}
          </span>
        ))}
      </pre>
    </details>
  );
}
