import { fold } from '../resolveNames';
import type { FleetDocument } from './document';
import type { Fleet } from './observe';

/**
 * The document that describes what is there: the triggers of this app by definition, and the printers that are watched. Both
 * scenarios are in it, so that a plan of it removes what nothing needs.
 */
export function exportDocument({ printers, definitions, watches }: Fleet): FleetDocument {
  const names = definitions.map(({ name }) => fold(name.trim()));
  const jobStarted = definitions.flatMap(({ id, name }) => {
    const include = printers
      .filter(({ triggers }) => triggers.some(({ definitionId }) => definitionId === id))
      .map((printer) => printer.id);
    if (include.length === 0) return [];
    const isAlone = name.trim() !== '' && names.filter((other) => other === fold(name.trim())).length === 1;
    return [{ definition: isAlone ? name : id, printers: { include } }];
  });
  const listed = new Set(printers.map(({ id }) => id));
  const watched = watches.filter(({ kind, id, isWanted }) => kind === 'jobFetchable' && isWanted && listed.has(id));
  return {
    version: 1,
    jobStarted,
    jobFetchable: { printers: { include: watched.map(({ id }) => id) } },
  };
}
