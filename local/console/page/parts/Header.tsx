import type { ConsoleState } from '../../consoleApi';
import type { Connection } from '../eventStream';
import type { Tone } from '../jobWords';

interface HeaderProps {
  readonly app: ConsoleState['app'] | undefined;
  readonly connection: Connection;
}

const APP_WORDS: Readonly<Record<ConsoleState['app']['state'], { readonly label: string; readonly tone: Tone }>> = {
  running: { label: 'App running', tone: 'good' },
  restarting: { label: 'App restarting', tone: 'warn' },
  down: { label: 'App down', tone: 'bad' },
};

/** The name of the console, and whether the app and the connection to the local cloud are up. */
export function Header({ app, connection }: HeaderProps) {
  const isLost = connection === 'lost';
  return (
    <header class="top">
      <div class="bar">
        <img src="icon.svg" alt="" width="22" height="22" />
        <h1>
          Universal Print Receiver <span class="place">Local cloud</span>
        </h1>
        <p class="lights" role="status">
          {app && !isLost ? (
            <span class={`light tone-${APP_WORDS[app.state].tone}`} title={app.url}>
              {APP_WORDS[app.state].label}
            </span>
          ) : null}
          <span class={`light tone-${{ connecting: 'plain', live: 'good', lost: 'bad', denied: 'bad' }[connection]}`}>
            {{ connecting: 'Connecting', live: 'Connected', lost: 'Disconnected', denied: 'Refused' }[connection]}
          </span>
        </p>
      </div>
      <div role="alert">
        {isLost ? (
          <p class="lost">
            <strong>The connection to the local cloud is lost.</strong> This page reconnects by itself. Is{' '}
            <code>npm start</code> still running? A new start prints a new address.
          </p>
        ) : null}
      </div>
    </header>
  );
}
