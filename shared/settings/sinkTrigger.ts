/** The settings of which one alone sets a sink. */
const SINK_SETTINGS = ['EVENTS_SINK_WEBHOOK_URL', 'EVENTS_SINK_EVENT_GRID_ENDPOINT'] as const;

/**
 * The registration of the functions that deliver events. Without a sink they are not registered, and the queue of events
 * belongs to the vendor's systems. It looks at the environment alone, because it is called while the app loads.
 *
 * @returns undefined where no sink is set. `connection`: the prefix of the settings that name the account of the queue
 */
export function sinkTrigger(env: Readonly<Record<string, string | undefined>>): { connection: string } | undefined {
  const isSet = (name: string) => Boolean(env[name]?.trim());
  if (!SINK_SETTINGS.some(isSet)) return undefined;
  return { connection: isSet('EVENTS_STORAGE__queueServiceUri') ? 'EVENTS_STORAGE' : 'AzureWebJobsStorage' };
}
