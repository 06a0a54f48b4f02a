import { MOST_KEY, readBag, readNumber, readObject, readText, RefusedItem, requireText, wrongType } from './fields';
import type { Fields } from './fields';

/** A row of a table of the workspace. */
export type Row = Readonly<Record<string, unknown>>;

export type TableName = 'AppMetrics' | 'AppRequests' | 'AppDependencies' | 'AppTraces' | 'AppExceptions' | 'AppEvents';

/** The row that an item becomes. */
export interface ReadItem {
  readonly table: TableName;
  readonly row: Row;
}

/** Reads the data of an item. `weight` is the number of items that it stands for. */
type ReadData = (data: Fields, weight: number) => Row;

/** From baseType to the table and its own columns: data-model-complete.md, Types of telemetry; the schemas by type. */
const KINDS: Readonly<Record<string, { readonly table: TableName; readonly read: ReadData }>> = {
  MetricData: { table: 'AppMetrics', read: readMetric },
  RequestData: { table: 'AppRequests', read: readRequest },
  RemoteDependencyData: { table: 'AppDependencies', read: readDependency },
  MessageData: { table: 'AppTraces', read: readMessage },
  ExceptionData: { table: 'AppExceptions', read: readException },
  EventData: { table: 'AppEvents', read: readEvent },
};

/** Column of each context tag: tables reference, and the table Context of data-model-complete.md. */
const TAGS: Readonly<Record<string, string>> = {
  'ai.cloud.role': 'AppRoleName',
  'ai.cloud.roleInstance': 'AppRoleInstance',
  'ai.application.ver': 'AppVersion',
  'ai.operation.id': 'OperationId',
  'ai.operation.parentId': 'ParentId',
  'ai.operation.name': 'OperationName',
  'ai.internal.sdkVersion': 'SDKVersion',
};

/** Limits page: the size of a telemetry item. */
const MOST_BYTES = 64_000;
/** Envelope.md: how far the time of an item may lie in the past and in the future. */
const OLDEST_MS = 48 * 3_600_000;
const NEWEST_MS = 2 * 3_600_000;

/**
 * The row of one item, as a workspace-based resource shows it.
 *
 * @param iKey the key of this resource
 * @param now milliseconds since 1970
 * @throws RefusedItem for an item that Application Insights refuses
 */
export function readItem(item: unknown, iKey: string, now: number): ReadItem {
  const envelope = readObject(item, 'item', 'Envelope');
  if (Buffer.byteLength(JSON.stringify(item)) > MOST_BYTES) {
    throw new RefusedItem(`The item exceeds the limit of ${MOST_BYTES} bytes.`);
  }
  requireText(envelope, 'name', 'Envelope', 1_024);
  // Instrumentation keys are case-insensitive (Envelope.md).
  if (readText(envelope, 'iKey', 'Envelope', 40)?.toLowerCase() !== iKey.toLowerCase()) {
    throw new RefusedItem('Invalid instrumentation key');
  }
  const time = readTime(envelope, now);
  const sampleRate = readNumber(envelope, 'sampleRate', 'Envelope') ?? 100;
  const data = readObject(envelope['data'], 'data', 'Envelope');
  const baseType = requireText(data, 'baseType', 'Data', 1_024);
  const kind = Object.hasOwn(KINDS, baseType) ? KINDS[baseType] : undefined;
  if (!kind) throw new RefusedItem(`Unknown baseType '${baseType}'.`);
  const baseData = readObject(data['baseData'], 'baseData', 'Data');
  const row = {
    TimeGenerated: new Date(time),
    ...readTags(envelope),
    ...kind.read(baseData, 100 / sampleRate),
    Properties: readBag(baseData, 'properties', baseType, 'string'),
  };
  return { table: kind.table, row };
}

function readTime(envelope: Fields, now: number): number {
  const text = requireText(envelope, 'time', 'Envelope', 64);
  const time = /^\d{4}-\d{2}-\d{2}T[\d:.]+Z$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw wrongType('time', 'Envelope', 'time in UTC, ISO 8601', text);
  if (time < now - OLDEST_MS) {
    throw new RefusedItem(
      `103: Field 'time' on type 'Envelope' is older than the allowed min date. Expected: now - ${OLDEST_MS}ms, Actual: now - ${now - time}ms`,
    );
  }
  if (time > now + NEWEST_MS) {
    throw new RefusedItem(
      `103: Field 'time' on type 'Envelope' is later than the allowed max date. Expected: now + ${NEWEST_MS}ms, Actual: now + ${time - now}ms`,
    );
  }
  return time;
}

function readTags(envelope: Fields): Row {
  const tags = envelope['tags'] === undefined ? {} : readObject(envelope['tags'], 'tags', 'Envelope');
  const columns = Object.keys(tags).flatMap((tag) => {
    const value = readText(tags, tag, 'ContextTagKeys', 1_024);
    const column = Object.hasOwn(TAGS, tag) ? TAGS[tag] : undefined;
    return column === undefined || value === undefined ? [] : [[column, value] as const];
  });
  return Object.fromEntries(columns);
}

/** MetricData.md: only the first of several metrics is stored. DataPoint.bond has the fields. */
function readMetric(data: Fields): Row {
  const metrics: unknown = data['metrics'];
  if (!Array.isArray(metrics) || metrics.length === 0) {
    throw new RefusedItem("109: Field 'metrics' on type 'MetricData' is required but missing or empty.");
  }
  const point = readObject(metrics[0], 'metrics', 'MetricData');
  // DataPoint.bond would allow 1,024 characters, the limits page 150.
  const Name = requireText(point, 'name', 'DataPoint', MOST_KEY);
  const value = readNumber(point, 'value', 'DataPoint');
  if (value === undefined)
    throw new RefusedItem("109: Field 'value' on type 'DataPoint' is required but missing or empty.");
  const count = readNumber(point, 'count', 'DataPoint') ?? 1;
  if (!Number.isInteger(count)) throw wrongType('count', 'DataPoint', 'int32', count);
  // data-model-complete.md, Custom metrics: Min and Max of a single measurement equal its value.
  const alone = point['kind'] === undefined || point['kind'] === 'Measurement' || point['kind'] === 0 ? value : null;
  return {
    Name,
    Sum: value,
    ItemCount: count,
    Min: readNumber(point, 'min', 'DataPoint') ?? alone,
    Max: readNumber(point, 'max', 'DataPoint') ?? alone,
  };
}

function readRequest(data: Fields, weight: number): Row {
  return {
    ...readCall(data, 'RequestData'),
    Id: requireText(data, 'id', 'RequestData', 128),
    Source: readText(data, 'source', 'RequestData', 1_024) ?? '',
    Url: readText(data, 'url', 'RequestData', 2_048) ?? '',
    ResultCode: requireText(data, 'responseCode', 'RequestData', 1_024),
    Measurements: readBag(data, 'measurements', 'RequestData', 'number'),
    ItemCount: weight,
  };
}

function readDependency(data: Fields, weight: number): Row {
  const type = 'RemoteDependencyData';
  requireText(data, 'name', type, 1_024);
  return {
    ...readCall(data, type),
    Id: readText(data, 'id', type, 128) ?? '',
    Target: readText(data, 'target', type, 1_024) ?? '',
    DependencyType: readText(data, 'type', type, 1_024) ?? '',
    Data: readText(data, 'data', type, 8_192) ?? '',
    ResultCode: readText(data, 'resultCode', type, 1_024) ?? '',
    Measurements: readBag(data, 'measurements', type, 'number'),
    ItemCount: weight,
  };
}

function readCall(data: Fields, type: string): Row {
  const success = data['success'] ?? true;
  if (typeof success !== 'boolean') throw wrongType('success', type, 'bool', success);
  return {
    Name: readText(data, 'name', type, 1_024) ?? '',
    DurationMs: readDuration(data, type),
    Success: success,
  };
}

/** RequestData.md: `DD.HH:MM:SS.MMMMMM`, less than 1,000 days. */
function readDuration(data: Fields, type: string): number {
  const text = requireText(data, 'duration', type, 64);
  const parts = /^(?:(\d{1,3})\.)?(\d{2}):(\d{2}):(\d{2}(?:\.\d{1,7})?)$/.exec(text);
  if (!parts) throw wrongType('duration', type, 'duration', text);
  const [days = 0, hours = 0, minutes = 0, seconds = 0] = parts.slice(1).map((part) => Number(part || 0));
  return ((days * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1_000;
}

function readMessage(data: Fields, weight: number): Row {
  return {
    Message: requireText(data, 'message', 'MessageData', 32_768),
    SeverityLevel: readSeverity(data, 'MessageData'),
    ItemCount: weight,
  };
}

function readException(data: Fields, weight: number): Row {
  const exceptions: unknown = data['exceptions'];
  if (!Array.isArray(exceptions) || exceptions.length === 0) {
    throw new RefusedItem("109: Field 'exceptions' on type 'ExceptionData' is required but missing or empty.");
  }
  const details = exceptions.map((exception) => readObject(exception, 'exceptions', 'ExceptionData'));
  for (const detail of details) {
    requireText(detail, 'typeName', 'ExceptionDetails', 1_024);
    requireText(detail, 'message', 'ExceptionDetails', 32_768);
  }
  return {
    ExceptionType: details[0]?.['typeName'],
    OuterMessage: details[0]?.['message'],
    ProblemId: readText(data, 'problemId', 'ExceptionData', 1_024) ?? '',
    SeverityLevel: readSeverity(data, 'ExceptionData'),
    Details: details,
    ItemCount: weight,
  };
}

function readEvent(data: Fields, weight: number): Row {
  return { Name: requireText(data, 'name', 'EventData', 512), ItemCount: weight };
}

const SEVERITIES = ['Verbose', 'Information', 'Warning', 'Error', 'Critical'];

/** MessageData.md: an enumeration from Verbose (0) to Critical (4), sent by name or by number. */
function readSeverity(data: Fields, type: string): number | null {
  const value = data['severityLevel'];
  if (value === undefined || value === null) return null;
  const level = typeof value === 'string' ? SEVERITIES.indexOf(value) : value;
  if (typeof level === 'number' && SEVERITIES[level] !== undefined) return level;
  throw wrongType('severityLevel', type, 'SeverityLevel', value);
}
