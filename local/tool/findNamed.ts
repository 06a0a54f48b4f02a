import type { ControlClient } from '../graphSimulator/control/controlClient';
import { ToolError } from './context';

type State = Awaited<ReturnType<ControlClient['state']>>;
export type StateTenant = State['tenants'][number];

interface Named {
  id: string;
  name: string;
}

/** The one item that `text` names: by its id, its name, or the beginning of either, whatever the case. @throws ToolError */
function findOne<Item extends Named>(what: string, items: readonly Item[], text: string): Item {
  const wanted = text.toLowerCase();
  const words = ({ id, name }: Named) => [id.toLowerCase(), name.toLowerCase()];
  const exact = items.filter((item) => words(item).includes(wanted));
  const found = exact.length > 0 ? exact : items.filter((item) => words(item).some((word) => word.startsWith(wanted)));
  const [first] = found;
  if (first !== undefined && found.length === 1) return first;
  const listed = (found.length > 1 ? found : items).map(({ id, name }) => `${name} (${id})`).join(', ');
  if (found.length > 1) throw new ToolError(`"${text}" names more than one ${what}: ${listed}.`);
  throw new ToolError(`The local cloud has no ${what} "${text}". It has ${listed || 'none'}.`);
}

/** The tenant that `text` names, or the only one. @throws ToolError */
export function findTenant({ tenants }: State, text: string | undefined): StateTenant {
  const items = tenants.map((tenant) => ({ tenant, id: tenant.tenantId, name: tenant.name }));
  const [only] = items;
  if (text !== undefined) return findOne('tenant', items, text).tenant;
  if (only !== undefined && items.length === 1) return only.tenant;
  const listed = items.map(({ id, name }) => `${name} (${id})`).join(', ');
  throw new ToolError(`Add --tenant <id or name>. The local cloud has ${listed || 'no tenant'}.`);
}

/** The printer that `text` names, and its tenant. Pull print printers count. @throws ToolError */
export function findPrinter({ tenants }: State, text: string) {
  const items = tenants.flatMap((tenant) =>
    [...tenant.printers, ...tenant.pullPrintPrinters].map(({ id, displayName: name }) => ({ tenant, id, name })),
  );
  return findOne('printer', items, text);
}
