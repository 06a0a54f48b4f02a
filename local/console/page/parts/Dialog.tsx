import type { ComponentChildren, RefObject } from 'preact';
import { useId } from 'preact/hooks';

interface DialogProps {
  /** Opened by its `showModal`. Escape closes it, and focus returns to the button that opened it. */
  readonly dialog: RefObject<HTMLDialogElement | null>;
  readonly title: string;
  readonly confirm: string;
  readonly isDanger?: boolean;
  readonly onConfirm: (form: FormData) => void;
  readonly children: ComponentChildren;
}

/** A question with one field or sentence, before an action. */
export function Dialog({ dialog, title, confirm, isDanger = false, onConfirm, children }: DialogProps) {
  const titleId = useId();
  return (
    <dialog ref={dialog} aria-labelledby={titleId}>
      <form
        method="dialog"
        onSubmit={(event) => {
          // The default closes the dialog.
          const submitter = event.submitter;
          if (submitter instanceof HTMLButtonElement && submitter.value === 'confirm')
            onConfirm(new FormData(event.currentTarget));
        }}
      >
        <h3 id={titleId}>{title}</h3>
        {children}
        <div class="buttons">
          <button type="submit" value="cancel">
            Cancel
          </button>
          <button class={isDanger ? 'danger solid' : 'primary'} type="submit" value="confirm">
            {confirm}
          </button>
        </div>
      </form>
    </dialog>
  );
}
