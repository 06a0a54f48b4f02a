import type { ComponentChildren } from 'preact';
import type { Tone } from '../jobWords';
import { shownText } from '../shownText';

/** Text from outside: as text, with its direction kept to itself. */
export function Outside({ text }: { readonly text: string }) {
  return <bdi>{shownText(text)}</bdi>;
}

/** A short word about a state. Its meaning never depends on the color alone. */
export function Badge({ tone, children }: { readonly tone: Tone; readonly children: ComponentChildren }) {
  return <span class={`badge tone-${tone}`}>{children}</span>;
}

/** Why an action failed, near it. The element is always there, so that screen readers announce what appears in it. */
export function ActionError({ text }: { readonly text: string }) {
  return (
    <p class="action-error" role="alert">
      {text === '' ? null : <Outside text={text} />}
    </p>
  );
}
