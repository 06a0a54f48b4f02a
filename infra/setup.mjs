/**
 * Does what the template cannot: the federated credential between the identity of the app and the Entra app, and the secrets of
 * the vault. azd runs it after `azd provision`. It is safe to repeat: a second run changes nothing. It never replaces a secret.
 *
 * It writes secrets through Azure Resource Manager. That needs no data role and no way into the network of a private vault.
 */
import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const USAGE = `Usage: node infra/setup.mjs [--resource-group <group> --deployment <name>]

Adds the federated credential to the Entra app and creates the missing secrets of the vault. It calls the Azure CLI (az).

Without options it reads the outputs of the deployment from the environment, where azd puts them.

Options:
  --resource-group <group>  reads the outputs from a deployment of this group
  --deployment <name>       its name: that of az deployment group create --name, or main
  --help                    show this help`;

const OUTPUTS = [
  'FUNCTION_APP_NAME',
  'ENTRA_CLIENT_ID',
  'ENTRA_AUTHORITY_HOST',
  'IDENTITY_PRINCIPAL_ID',
  'KEY_VAULT_NAME',
  'KEY_VAULT_SECRETS',
  'PRIVATE_NETWORK',
];
const AUDIENCE = 'api://AzureADTokenExchange';
/** Federated identity credentials that an app has at most (federatedIdentityCredentials, Graph reference). */
const MOST_CREDENTIALS = 20;
const WEB_API = 'api-version=2025-03-01';
const VAULT_API = 'api-version=2025-05-01';

/** What each secret holds at first, and the setting that refers to it. */
const SECRETS = {
  'client-state-keys': {
    setting: 'CLIENT_STATE_KEYS',
    create: () => `k${new Date().toISOString().slice(0, 10).replaceAll('-', '')}:${randomBytes(32).toString('base64')}`,
  },
  'events-sink-webhook-secrets': {
    setting: 'EVENTS_SINK_WEBHOOK_SECRETS',
    create: () => `whsec_${randomBytes(32).toString('base64')}`,
  },
};

/** An expected failure: its message says what to do. */
class SetupError extends Error {}

try {
  const options = readOptions();
  if (options.help) console.log(USAGE);
  else setUp(options);
} catch (error) {
  if (!(error instanceof SetupError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        'resource-group': { type: 'string' },
        deployment: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }));
  } catch (error) {
    console.error(`${error.message}\n\n${USAGE}`);
    process.exit(2);
  }
  if (values.deployment !== undefined && values['resource-group'] === undefined) {
    console.error(`--deployment needs --resource-group\n\n${USAGE}`);
    process.exit(2);
  }
  return values;
}

function setUp(options) {
  const account = az(['account', 'show']);
  const subscription = options['resource-group'] === undefined ? process.env.AZURE_SUBSCRIPTION_ID : undefined;
  if (subscription && subscription.toLowerCase() !== account.id.toLowerCase()) {
    throw new SetupError(
      `az uses the subscription ${account.id}, and the deployment is in ${subscription}. Run: az account set --subscription ${subscription}`,
    );
  }
  const { group, outputs } = readOutputs(options);
  const providers = `/subscriptions/${account.id}/resourceGroups/${group}/providers`;
  const site = `${providers}/Microsoft.Web/sites/${outputs.FUNCTION_APP_NAME}`;
  const vault = `${providers}/Microsoft.KeyVault/vaults/${outputs.KEY_VAULT_NAME}`;

  connectIdentity(outputs, account.tenantId);
  const names = outputs.KEY_VAULT_SECRETS.split(',');
  const created = createMissingSecrets(vault, names, outputs);
  loadSecrets(site, names, created);
}

/** The outputs of infra/main.bicep, from a deployment or from azd. */
function readOutputs(options) {
  const group = options['resource-group'] ?? process.env.AZURE_RESOURCE_GROUP;
  const values =
    options['resource-group'] === undefined ? process.env : readDeployment(group, options.deployment ?? 'main');
  // Resource Manager returns names such as functioN_APP_NAME.
  const found = new Map(Object.entries(values).map(([name, value]) => [name.toUpperCase(), value]));
  const missing = OUTPUTS.filter((name) => !found.get(name)).concat(group ? [] : ['AZURE_RESOURCE_GROUP']);
  if (missing.length > 0) {
    const remedy = 'Deploy infra/main.bicep first, then run this with --resource-group <group> --deployment <name>';
    throw new SetupError(`Outputs of the deployment are missing: ${missing.join(', ')}. ${remedy}`);
  }
  return { group, outputs: Object.fromEntries(OUTPUTS.map((name) => [name, String(found.get(name))])) };
}

function readDeployment(group, name) {
  const { properties } = az(['deployment', 'group', 'show', '--resource-group', group, '--name', name]);
  return Object.fromEntries(Object.entries(properties.outputs ?? {}).map(([key, { value }]) => [key, String(value)]));
}

/** Lets the identity of the app sign in as the Entra app, without a secret. */
function connectIdentity({ ENTRA_CLIENT_ID: id, ENTRA_AUTHORITY_HOST: host, IDENTITY_PRINCIPAL_ID: subject }, tenant) {
  const { displayName, signInAudience } = az(['ad', 'app', 'show', '--id', id], {
    'does not exist': `The Entra app ${id} is not in the tenant ${tenant} of this subscription. Register it there, as multi-tenant, and deploy with its client id.`,
  });
  if (!/^AzureAD(MultipleOrgs|andPersonalMicrosoftAccount)$/.test(signInAudience)) {
    console.log(
      `ATTENTION: ${displayName} is not multi-tenant (${signInAudience}), so customers cannot consent to it.`,
    );
  }
  const wanted = {
    name: `universal-print-receiver-${subject.slice(0, 8)}`,
    issuer: `${host.replace(/\/+$/, '')}/${tenant}/v2.0`,
    subject,
    audiences: [AUDIENCE],
  };
  const credentials = az(['ad', 'app', 'federated-credential', 'list', '--id', id]);
  const same = credentials.find((one) => one.issuer === wanted.issuer && one.subject === wanted.subject);
  if (same?.audiences.includes(AUDIENCE))
    return console.log(`Federated credential: ${same.name} of ${displayName} exists`);
  const other = same ?? credentials.find(({ name }) => name === wanted.name);
  if (other !== undefined) {
    throw new SetupError(
      `The federated credential ${other.name} of ${displayName} is another: issuer ${other.issuer}, subject ${other.subject}, audience ${other.audiences.join(', ')}; needed are ${wanted.issuer}, ${wanted.subject}, ${AUDIENCE}. If nothing uses it, run: az ad app federated-credential delete --id ${id} --federated-credential-id ${other.id}`,
    );
  }
  if (credentials.length >= MOST_CREDENTIALS) {
    throw new SetupError(
      `${displayName} has ${credentials.length} federated credentials, and Entra allows ${MOST_CREDENTIALS}. Delete one of an identity that no longer exists: az ad app federated-credential list --id ${id}`,
    );
  }
  withFile(wanted, (file) =>
    az(['ad', 'app', 'federated-credential', 'create', '--id', id, '--parameters', file], {
      'Insufficient privileges': `You may not change ${displayName}. An owner of it, or an Application Administrator, has to run this once.`,
    }),
  );
  console.log(`Federated credential: created ${wanted.name} of ${displayName}. It takes effect after some minutes`);
}

/**
 * Creates secrets that the listing of the vault does not have. A listing that fails ends the run: an error must not be taken for
 * a missing secret, because that would replace a key.
 *
 * @returns whether one was created
 */
function createMissingSecrets(vault, names, { KEY_VAULT_NAME: vaultName, PRIVATE_NETWORK: isPrivate }) {
  const existing = new Map(listSecrets(vault).map((secret) => [secret.name, secret]));
  let created = false;
  for (const name of names) {
    const secret = existing.get(name);
    const show = `az keyvault secret show --vault-name ${vaultName} --name ${name}`;
    if (secret !== undefined) {
      const { enabled, exp } = secret.properties?.attributes ?? {};
      if (enabled === false || (exp !== undefined && exp * 1000 < Date.now())) {
        throw new SetupError(
          `The secret ${name} of ${vaultName} is disabled or has expired, so the app cannot read it. See: ${show}`,
        );
      }
      console.log(`Secret: ${name} exists and stays as it is`);
      continue;
    }
    withFile({ properties: { value: SECRETS[name].create() } }, (file) =>
      rest('put', `${vault}/secrets/${name}?${VAULT_API}`, file, {
        // The key that was deleted signed the subscriptions that exist.
        'deleted but recoverable state': `The secret ${name} of ${vaultName} was deleted and can be recovered. Run: az keyvault secret recover --vault-name ${vaultName} --name ${name}`,
      }),
    );
    created = true;
    console.log(`Secret: created ${name} in ${vaultName}, written through Azure Resource Manager`);
    if (isPrivate.toLowerCase() === 'true')
      console.log(`The vault is private: to read the secret, run ${show} inside its network`);
  }
  return created;
}

function listSecrets(vault) {
  const secrets = [];
  let next = `${vault}/secrets?${VAULT_API}`;
  while (next) {
    const page = rest('get', next);
    secrets.push(...page.value);
    next = page.nextLink;
  }
  return secrets;
}

/**
 * Makes the app read its secrets: the platform reads references again once a day. The status of each reference shows whether
 * that is needed, so a run that ended early is completed by the next.
 */
function loadSecrets(site, names, created) {
  const references = `${site}/config/configreferences/appsettings`;
  const states = () =>
    names.map((name) => {
      const { setting } = SECRETS[name];
      return { setting, status: rest('get', `${references}/${setting}?${WEB_API}`).properties.status };
    });
  if (!created && states().every(({ status }) => status === 'Resolved'))
    return console.log('Settings: the app has its secrets');
  rest('post', `${references}/refresh?${WEB_API}`);
  rest('post', `${site}/restart?${WEB_API}`);
  console.log('Settings: references to secrets refreshed, and the app restarted');
  for (const { setting, status } of states().filter((one) => one.status !== 'Resolved')) {
    console.log(
      `ATTENTION: ${setting} is not resolved yet (${status}). New role assignments take effect after some minutes. Then run this again.`,
    );
  }
  return undefined;
}

function rest(method, url, bodyFile, remedies) {
  const body = bodyFile === undefined ? [] : ['--body', `@${bodyFile}`];
  return az(['rest', '--method', method, '--url', url, ...body], remedies);
}

/** Hands a value over as a file that only this user can read: arguments are visible to other users. */
function withFile(value, use) {
  const folder = mkdtempSync(join(tmpdir(), 'setup-'));
  try {
    const file = join(folder, 'body.json');
    writeFileSync(file, JSON.stringify(value), { mode: 0o600 });
    return use(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/**
 * Calls the Azure CLI.
 *
 * @param remedies what to say when its error contains a text
 * @returns the parsed output, undefined without output
 */
function az(args, remedies = {}) {
  // On Windows the Azure CLI is a script, which only a shell runs.
  const shell = process.platform === 'win32';
  const given = [...args, '--only-show-errors', '--output', 'json'];
  const { error, status, stdout, stderr } = spawnSync('az', shell ? given.map((one) => `"${one}"`) : given, {
    encoding: 'utf8',
    shell,
  });
  if (error?.code === 'ENOENT' || /not recognized as an internal/.test(stderr ?? '')) {
    throw new SetupError(
      'The Azure CLI is missing. Install it (https://aka.ms/azure-cli), run az login, and run this again.',
    );
  }
  if (error !== undefined) throw error;
  if (status === 0) return stdout.trim() === '' ? undefined : JSON.parse(stdout);
  // It may name a tenant or a scope, where the customer asks for another factor.
  const login = /az login(?: --[\w-]+ "?[\w.:/-]+"?)*/.exec(stderr)?.[0];
  if (login !== undefined) throw new SetupError(`az is not signed in. Run: ${login}, and run this again.`);
  const remedy = Object.entries(remedies).find(([text]) => stderr.includes(text))?.[1];
  throw new SetupError(remedy ?? `az ${args.slice(0, 3).join(' ')} failed: ${stderr.trim().slice(0, 1_000)}`);
}
