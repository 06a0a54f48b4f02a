import { useState } from 'preact/hooks';
import type { ConsoleClient } from './consoleClient';
import { useStream } from './hooks';
import { Announcer } from './parts/Announcer';
import { Customers } from './parts/Customers';
import { Faults } from './parts/Faults';
import { Header } from './parts/Header';
import { JobDetail } from './parts/JobDetail';
import { JobList } from './parts/JobList';
import { PrintForm } from './parts/PrintForm';
import { Service } from './parts/Service';
import { WrongToken } from './parts/WrongToken';

/** The whole page. */
export function Console({ client, token }: { readonly client: ConsoleClient; readonly token: string }) {
  const { view, connection } = useStream(token);
  const [selectedId, select] = useState<string>();
  const { state, jobs } = view;
  if (connection === 'denied') return <WrongToken />;
  // The newest job is shown until the person prints one, chooses one or acts on one.
  const job = jobs.find(({ id }) => id === selectedId) ?? jobs[0];
  return (
    <>
      <a class="skip" href="#job">
        Skip to the job
      </a>
      <Header app={state?.app} connection={connection} />
      {state === undefined ? (
        <main class="loading">{connection === 'lost' ? '' : <p role="status">Connecting to the local cloud…</p>}</main>
      ) : (
        <main class="panels">
          <PrintForm customers={state.customers} client={client} onPrinted={select} />
          <JobList jobs={jobs} selectedId={job?.id} onSelect={select} />
          <JobDetail job={job} customers={state.customers} client={client} onAct={select} />
          <Faults faults={state.faults} customers={state.customers} client={client} />
          <div class="aside">
            <Customers customers={state.customers} />
            <Service steps={state.service} client={client} />
          </div>
        </main>
      )}
      <Announcer job={job} service={state?.service} />
    </>
  );
}
