import { readPrinter } from '../../../../shared/graph/api/printers';
import { createFakeGraph, graphError } from '../../../support/createFakeGraph';

const tenantId = '11111111-1111-1111-1111-111111111111';
const printerId = '016b5565-3bbf-4067-b9ff-4d68167eb1a6';

/** The example of api/printer-get.md, shortened. */
const PRINTER = {
  id: printerId,
  displayName: 'PrinterName',
  isShared: true,
  location: {
    latitude: 1.1,
    altitudeInMeters: 3,
    streetAddress: 'One Microsoft Way',
    subUnit: ['Main Plaza', 'Unit 400'],
    roomName: null,
    building: 'Studio E',
  },
};

describe('a printer (api/printer-get.md)', () => {
  it('has its name and the texts of its location', async () => {
    const graph = createFakeGraph();
    graph.next('GET', () => PRINTER);
    expect(await readPrinter(graph.callGraph, { tenantId, printerId })).toEqual({
      displayName: 'PrinterName',
      location: { streetAddress: 'One Microsoft Way', subUnit: ['Main Plaza', 'Unit 400'], building: 'Studio E' },
    });
    expect(graph.calls).toMatchObject([
      { method: 'GET', path: `/print/printers/${printerId}`, permission: 'Printer.Read.All' },
    ]);
  });

  it('that is a pull print printer is read where Graph has it, with its own permission', async () => {
    const graph = createFakeGraph();
    graph.next('GET', () => ({ id: printerId, displayName: 'Everywhere' }));
    expect(await readPrinter(graph.callGraph, { tenantId, printerId: `pullprint.${printerId}` })).toEqual({
      displayName: 'Everywhere',
      location: {},
    });
    expect(graph.calls).toMatchObject([
      { path: `/print/pullPrintPrinters/${printerId}`, permission: 'PullPrintPrinter.Read.All' },
    ]);
  });

  it.each([
    ['a name and a location of other types', { displayName: 7, location: 'Redmond' }],
    ['no location', { displayName: null, location: null }],
    ['a list of other types', { location: { organization: [1, null] } }],
  ])('with %s has neither', async (_name, body) => {
    const graph = createFakeGraph();
    graph.next('GET', () => body);
    const printer = await readPrinter(graph.callGraph, { tenantId, printerId });
    expect(printer?.displayName).toBeUndefined();
    expect(Object.values(printer?.location ?? {}).flat()).toEqual([]);
  });

  it.each([printerId, `pullprint.${printerId}`])(
    'of another id than %s is not the one that was asked for',
    async (asked) => {
      const graph = createFakeGraph();
      graph.next('GET', () => ({ ...PRINTER, id: '00000000-0000-4000-8000-000000000001' }));
      expect(await readPrinter(graph.callGraph, { tenantId, printerId: asked })).toBeUndefined();
      graph.next('GET', () => ({ ...PRINTER, id: printerId.toUpperCase() }));
      expect(await readPrinter(graph.callGraph, { tenantId, printerId: asked })).toBeDefined();
    },
  );

  it('is undefined when Graph does not show it, and other refusals reject', async () => {
    const graph = createFakeGraph();
    graph.nextError('GET', graphError('notFound'));
    expect(await readPrinter(graph.callGraph, { tenantId, printerId })).toBeUndefined();
    graph.nextError('GET', graphError('forbidden'));
    await expect(readPrinter(graph.callGraph, { tenantId, printerId })).rejects.toMatchObject({
      code: 'graphForbidden',
    });
    graph.next('GET', () => 'text');
    await expect(readPrinter(graph.callGraph, { tenantId, printerId })).rejects.toMatchObject({
      code: 'graphAnswerUnreadable',
    });
  });
});
