import { useRef } from 'preact/hooks';
import type { ConsolePrinter, JobStory } from '../../consoleApi';
import type { ConsoleClient } from '../consoleClient';
import { useAction } from '../hooks';
import { shownText } from '../shownText';
import { Dialog } from './Dialog';
import { textField } from './form';
import { ActionError } from './text';

interface HeldActionsProps {
  readonly job: JobStory;
  /** The other printers of the customer. */
  readonly targets: readonly ConsolePrinter[];
  readonly client: ConsoleClient;
  readonly onAct: () => void;
  /** After a request was accepted: the buttons disappear, and focus needs another place. */
  readonly onDone: () => void;
}

/** Releases, redirects or aborts a held job. */
export function HeldActions({ job, targets, client, onAct, onDone }: HeldActionsProps) {
  const redirectDialog = useRef<HTMLDialogElement>(null);
  const abortDialog = useRef<HTMLDialogElement>(null);
  const request = useAction(async (send: () => Promise<unknown>) => {
    onAct();
    await send();
    onDone();
  });
  return (
    <div class="held" role="group" aria-label={`Actions on job ${job.jobNumber}`}>
      <p>This job waits.</p>
      <button class="primary" type="button" onClick={() => void request.run(() => client.release(job))}>
        Release
      </button>
      <button
        type="button"
        aria-disabled={targets.length === 0}
        title={targets.length === 0 ? 'The customer has no other printer' : undefined}
        onClick={() => (targets.length === 0 ? undefined : redirectDialog.current?.showModal())}
      >
        Redirect…
      </button>
      <button class="danger" type="button" onClick={() => abortDialog.current?.showModal()}>
        Abort…
      </button>
      <ActionError text={request.error} />
      <Dialog
        dialog={redirectDialog}
        title={`Redirect job ${job.jobNumber}`}
        confirm="Redirect"
        onConfirm={(form) => void request.run(() => client.redirect(job, { printerId: textField(form, 'printerId') }))}
      >
        <label class="field">
          To printer
          <select name="printerId">
            {targets.map(({ printerId, name }) => (
              <option key={printerId} value={printerId}>
                {shownText(name)}
              </option>
            ))}
          </select>
        </label>
      </Dialog>
      <Dialog
        dialog={abortDialog}
        title={`Abort job ${job.jobNumber}`}
        confirm="Abort job"
        isDanger
        onConfirm={() => void request.run(() => client.abort(job))}
      >
        <p>The job does not print. This cannot be undone.</p>
      </Dialog>
    </div>
  );
}
