import { readAlerts } from '../infra/alertFiles';
import { eventually } from './eventually';
import { evaluateKql } from './kql/evaluateKql';
import type { Row } from './kql/evaluateExpression';
import { startFlow, type Flow, type FlowOptions } from './startFlow';

/** A flow whose app exports its metrics, with the alerts of infra/alerts over what arrived. */
export interface AlertFlow extends Flow {
  /** The rows of an alert's query over its window, which ends now. Empty: the alert does not fire. */
  evaluate(alert: string): Row[];
  /** The names of all alerts that fire. */
  firing(): string[];
  /** Waits until the alert fires. */
  untilFires(alert: string): Promise<Row[]>;
  /** Runs the timer measureService, and waits until what it measured has arrived. */
  measure(): Promise<void>;
  /** From now on, `evaluate` sees what arrives later alone, so that each situation stands for itself. */
  forget(): void;
  moveClock(ms: number): Promise<void>;
}

/** The app exports once a minute. */
const EXPORT_EVERY_MS = 200;
/** A bound on a test that fails, never a measure of one that passes. */
const LIMIT_MS = 10_000;

const ALERTS = new Map(readAlerts().map((alert) => [alert.name, alert]));

export async function startAlertFlow(options: FlowOptions = {}): Promise<AlertFlow> {
  const settings = { OTEL_METRIC_EXPORT_INTERVAL: String(EXPORT_EVERY_MS), ...options.settings };
  const flow = await startFlow({ clock: true, telemetry: true, ...options, settings });
  let seen = 0;
  const rows = () => flow.cloud.telemetry?.rows('AppMetrics') ?? [];
  const evaluate = (name: string) => {
    const alert = ALERTS.get(name);
    if (!alert) throw new Error(`infra/alerts has no alert ${name}`);
    const now = flow.clock.now();
    const from = now - minutesOf(alert.window) * 60_000;
    const isInWindow = ({ TimeGenerated }: Row) => TimeGenerated instanceof Date && TimeGenerated.getTime() >= from;
    return evaluateKql(alert.query, { tables: { AppMetrics: rows().slice(seen).filter(isInWindow) }, now });
  };
  return {
    ...flow,
    evaluate,
    firing: () => [...ALERTS.keys()].filter((name) => evaluate(name).length > 0),
    untilFires: (name) =>
      eventually(
        `the alert ${name}`,
        () => {
          const found = evaluate(name);
          return found.length > 0 ? found : undefined;
        },
        LIMIT_MS,
      ),
    async measure() {
      const arrived = () => rows().filter(({ Name }) => Name === 'upr.measurements').length;
      const before = arrived();
      await flow.start('measureService');
      await eventually('the measurements', () => (arrived() > before ? true : undefined), LIMIT_MS);
    },
    forget: () => (seen = rows().length),
    async moveClock(ms) {
      await flow.untilQuiet();
      flow.cloud.clock?.move(ms);
    },
  };
}

/** `PT15M`, `PT1H`, `P1D`. */
function minutesOf(duration: string): number {
  const [, days = 0, hours = 0, minutes = 0] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?)?$/.exec(duration) ?? [];
  return (Number(days) * 24 + Number(hours)) * 60 + Number(minutes);
}
