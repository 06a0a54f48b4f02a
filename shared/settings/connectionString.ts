import { isIP } from 'node:net';
import { DEFAULT_STORAGE_SUFFIX, isLoopback, type Checked } from './clouds';

/** The services that the app uses, as a connection string names them. */
const SERVICES = [
  ['blob', 'BlobEndpoint'],
  ['queue', 'QueueEndpoint'],
  ['table', 'TableEndpoint'],
] as const;

/** Storage by a connection string that all SDKs accept. */
export interface StorageAccount {
  connectionString: string;
  blobEndpoint: string;
  queueEndpoint: string;
  tableEndpoint: string;
}

/**
 * The development account of Azurite. It is public, not a secret:
 * https://learn.microsoft.com/azure/storage/common/storage-connect-azurite
 */
const DEVELOPMENT_ACCOUNT = 'devstoreaccount1';
const DEVELOPMENT_KEY = 'Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==';
const DEVELOPMENT_STORAGE = [
  `DefaultEndpointsProtocol=http;AccountName=${DEVELOPMENT_ACCOUNT};AccountKey=${DEVELOPMENT_KEY}`,
  ...SERVICES.map(([, name], index) => `${name}=http://127.0.0.1:${10_000 + index}/${DEVELOPMENT_ACCOUNT}`),
].join(';');

const FORM =
  'copy it from Access keys or Shared access signature, such as DefaultEndpointsProtocol=https;AccountName=<account>;AccountKey=<key>, or use UseDevelopmentStorage=true for Azurite';

const ACCOUNT_NAME = /^[a-z0-9]{3,24}$/;

/**
 * Reads a connection string in any form that Azure hands out and writes it in the one that all storage SDKs accept: each of
 * them refuses some forms that the others and the host take.
 * https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string
 */
export function checkConnectionString(text: string): Checked<StorageAccount> {
  const parts = readParts(text);
  if (!parts) return { problem: `is not a connection string: ${FORM}` };
  const development = parts.get('usedevelopmentstorage')?.toLowerCase();
  if (development !== undefined && development !== 'true') {
    return { problem: 'has UseDevelopmentStorage with a value other than true: set it to UseDevelopmentStorage=true' };
  }
  if (development === 'true') {
    const port = parts.get('developmentstorageproxyuri');
    if (port !== undefined) return { problem: 'has a DevelopmentStorageProxyUri: name the endpoints instead' };
    return checkConnectionString(DEVELOPMENT_STORAGE);
  }
  const name = parts.get('accountname');
  const key = parts.get('accountkey');
  const sas = parts.get('sharedaccesssignature')?.replace(/^\?/, '');
  if (key === undefined && sas === undefined) {
    return { problem: `has neither AccountKey nor SharedAccessSignature: ${FORM}` };
  }
  if (key !== undefined && !isBase64(key))
    return { problem: 'has an AccountKey that is not base64: copy it again from Access keys' };
  if (key !== undefined && name === undefined)
    return { problem: 'has an AccountKey and no AccountName: add AccountName=<account>' };
  const protocol = parts.get('defaultendpointsprotocol') ?? 'https';
  const suffix = parts.get('endpointsuffix') ?? DEFAULT_STORAGE_SUFFIX;
  const endpointOf = (kind: string) =>
    (parts.get(`${kind}endpoint`) ?? (name && `${protocol}://${name}.${kind}.${suffix}`))?.replace(/\/+$/, '');
  const isComplete = SERVICES.every(([kind]) => parts.has(`${kind}endpoint`));
  if (!isComplete && name !== undefined && !ACCOUNT_NAME.test(name)) {
    return { problem: 'has an AccountName that is not 3 to 24 lower-case letters and digits' };
  }
  const [blobEndpoint = '', queueEndpoint = '', tableEndpoint = ''] = SERVICES.map(([kind]) => endpointOf(kind));
  const endpoints = [blobEndpoint, queueEndpoint, tableEndpoint];
  for (const [index, [kind, label]] of SERVICES.entries()) {
    const endpoint = endpoints[index] ?? '';
    if (endpoint === '') return { problem: `has neither ${label} nor AccountName: ${FORM}` };
    const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
    if (!url || !/^https?:$/.test(url.protocol)) {
      return { problem: `has a ${label} that is not an address, such as https://<account>.${kind}.core.windows.net` };
    }
    if (url.protocol === 'http:' && !isLoopback(endpoint)) {
      return { problem: 'sends data without https: set DefaultEndpointsProtocol=https' };
    }
    // The SDKs take the account from the host, and on a host that is an IP address from the path.
    const isAddress = isIP(url.hostname.replace(/^\[(.*)\]$/, '$1')) !== 0;
    if ((isAddress || isLoopback(endpoint)) && url.pathname === '/') {
      return { problem: `has a ${label} without the account: add it as the path, such as /${DEVELOPMENT_ACCOUNT}` };
    }
  }
  // A shared key signs more than a signature allows, so it comes first where both are given.
  const access =
    key === undefined
      ? [`SharedAccessSignature=${sas}`]
      : [
          `DefaultEndpointsProtocol=${new URL(queueEndpoint).protocol.slice(0, -1)}`,
          `AccountName=${name}`,
          `AccountKey=${key}`,
        ];
  const named = SERVICES.map(([, label], index) => `${label}=${endpoints[index]}`);
  return { value: { connectionString: [...access, ...named].join(';'), blobEndpoint, queueEndpoint, tableEndpoint } };
}

/** True for the account that every installation of Azurite has, by whatever address. */
export function isDevelopmentAccount({ connectionString }: StorageAccount): boolean {
  return connectionString.includes(`AccountName=${DEVELOPMENT_ACCOUNT};`);
}

/** Names in lower case, as the SDKs of .NET read them. Undefined for a text without `name=value`. */
function readParts(text: string): Map<string, string> | undefined {
  const parts = new Map<string, string>();
  for (const part of text.split(';').map((one) => one.trim())) {
    if (part === '') continue;
    const cut = part.indexOf('=');
    if (cut < 1) return undefined;
    parts.set(part.slice(0, cut).toLowerCase(), part.slice(cut + 1));
  }
  return parts.size > 0 ? parts : undefined;
}

function isBase64(text: string): boolean {
  return text !== '' && text.length % 4 === 0 && /^[A-Za-z0-9+/]+={0,2}$/.test(text);
}
