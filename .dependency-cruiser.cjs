/**
 * Which part may import which. The order is: leaves <- rules, graph, tenants <- watches <- jobs | subscriptions <- sweep, webhook
 * <- services.ts <- functions/, cli/. Each comment says what to do when its rule fires. Type-only imports count too.
 *
 * @type {import('dependency-cruiser').IConfiguration}
 */

/** Paths of shared/ that import nothing but each other. */
const plain = '^shared/(errors|logger|clock|parse|concurrency|backoff|cache|jobPlace|plural|version)\\.ts$';
/** What any file may measure with. The exporter behind it reads a setting, and is loaded after the first answer. */
const telemetry = '^shared/telemetry/';
const leaves = `${plain}|${telemetry}`;
/** The settings and their checks. */
const settings = '^shared/(config\\.ts$|settings/)';
/** What every folder of shared/ may build on. `config` is a leaf too, but only the parts that open a connection see it. */
const base = [leaves, settings, '^shared/storage/'];

/** A rule that lets files under `from` import, of all our own code, only what matches one of `to`. */
const only = (name, from, to, comment) => ({
  name,
  comment,
  severity: 'error',
  from: { path: from },
  to: { path: '^(shared|functions|cli|local|tests|bench|examples|scripts)/', pathNot: to },
});

module.exports = {
  forbidden: [
    only(
      'leaves-import-leaves',
      plain,
      [plain],
      'A leaf is imported from everywhere. Pass what it needs as a parameter, or move the code that needs more into the folder of its concept.',
    ),
    only(
      'config-is-a-leaf',
      settings,
      [settings, leaves],
      'config reads and checks settings and does nothing with them. Do the work in the folder that needs the setting.',
    ),
    only(
      'telemetry-is-a-leaf',
      telemetry,
      [telemetry, settings, plain],
      'telemetry carries values and spans and does not know what they mean. Measure in the folder of the concept.',
    ),
    {
      name: 'the-exporter-loads-after-the-first-answer',
      comment:
        'OpenTelemetry and its exporter take longer to load than an answer to Graph. Only shared/telemetry/telemetry.ts loads them, by import().',
      severity: 'error',
      from: { path: '^(shared|functions|cli)/', pathNot: '^shared/telemetry/(exporter|instruments)\\.ts$' },
      to: {
        path: '^shared/telemetry/(exporter|instruments)\\.ts$|node_modules/(@opentelemetry|@azure/monitor-opentelemetry-exporter)/',
        dependencyTypesNot: ['type-only', 'dynamic-import'],
      },
    },
    only(
      'storage-knows-no-concept',
      '^shared/storage/',
      ['^shared/storage/', settings, leaves],
      'storage moves rows and messages without knowing what they mean. Parse and format in the folder of the concept.',
    ),
    only(
      'graph-knows-no-concept',
      '^shared/graph/',
      ['^shared/graph/', settings, leaves],
      'graph speaks Graph and nothing else. Hand it ids and take its typed answers; decide in jobs or subscriptions.',
    ),
    only(
      'tenants-stand-alone',
      '^shared/tenants/',
      ['^shared/tenants/', ...base],
      'Who consented does not depend on what is watched. Move the code up into watches, jobs or subscriptions.',
    ),
    only(
      'sinks-stand-alone',
      '^shared/sinks/',
      ['^shared/sinks/', ...base],
      'A sink sends a finished event and knows nothing of jobs. Form the event in jobs.',
    ),
    only(
      'rules-stand-alone',
      '^shared/rules/',
      ['^shared/rules/', ...base],
      'Rules decide from facts alone. Read the facts in jobs, carry out the decision there, and hand it over as parameters.',
    ),
    only(
      'watches-over-graph-and-tenants',
      '^shared/watches/',
      ['^shared/(watches|graph|tenants)/', ...base],
      'A watch is below jobs and subscriptions. Move the code that needs them into them.',
    ),
    only(
      'fairness-knows-no-concept',
      '^shared/fairness/',
      ['^shared/fairness/', ...base],
      'fairness divides places among tenants and moves messages. What a message means belongs into jobs or subscriptions.',
    ),
    only(
      'jobs-over-watches',
      '^shared/jobs/',
      ['^shared/(jobs|fairness|watches|graph|tenants|rules)/', ...base],
      'jobs never imports subscriptions, sweep or webhook. What it wants of subscriptions goes as a message through the queue subscription-events.',
    ),
    only(
      'subscriptions-over-watches',
      '^shared/subscriptions/',
      ['^shared/(subscriptions|watches|graph|tenants)/', ...base],
      'subscriptions never imports jobs, sweep or webhook. Say what is wanted in the result, and let the thin function in functions/ call it.',
    ),
    only(
      'sweep-over-jobs-and-subscriptions',
      '^shared/sweep/',
      ['^shared/(sweep|jobs|subscriptions|fairness|watches|graph|tenants)/', ...base],
      'The sweep sits above jobs and subscriptions, beside the webhook. Put what both need into the lower folder it belongs to.',
    ),
    only(
      'retention-over-jobs',
      '^shared/retention/',
      ['^shared/(retention|jobs|tenants)/', ...base],
      'retention removes what is old. What a row means belongs into jobs.',
    ),
    only(
      'webhook-over-jobs-and-subscriptions',
      '^shared/webhook/',
      ['^shared/(webhook|jobs|subscriptions|watches|graph|tenants)/', ...base],
      'The webhook sits above jobs and subscriptions, beside the sweep. Put what both need into the lower folder it belongs to.',
    ),
    only(
      'device-tokens-stand-alone',
      '^shared/deviceTokens/',
      ['^shared/deviceTokens/', ...base],
      'A token says which device calls. What the device may do with jobs belongs into the folder of its routes.',
    ),
    only(
      'held-jobs-over-jobs',
      '^shared/heldJobs/',
      ['^shared/(heldJobs|jobs|rules)/', ...base],
      'heldJobs stores wishes and never calls Graph. What a wish does belongs into jobs.',
    ),
    only(
      'status-over-the-stages',
      '^shared/status/',
      ['^shared/(status|jobs|watches|tenants|rules|deviceTokens|graph)/', ...base],
      'status reads what is stored and changes nothing. What acts on it belongs into the folder of its stage.',
    ),
    only(
      'measurements-over-status',
      '^shared/measurements/',
      ['^shared/(measurements|status|jobs|watches|tenants|rules)/', ...base],
      'measurements turns what status reads into metrics and changes nothing. What acts on it belongs into the folder of its stage.',
    ),
    only(
      'operations-over-the-stages',
      '^shared/operations/',
      ['^shared/(operations|jobs|subscriptions|sweep|watches|graph|tenants)/', ...base],
      'operations holds what only the command line needs. Put what a stage needs into the folder of that stage.',
    ),
    {
      name: 'operations-for-operators',
      comment: 'Only the command line uses operations. Move what the app needs into the folder of its stage.',
      severity: 'error',
      from: { path: '^(shared|functions)/', pathNot: '^shared/operations/' },
      to: { path: '^shared/operations/' },
    },
    only(
      'consent-over-watches',
      '^shared/consent/',
      ['^shared/(consent|graph|watches|tenants)/', ...base],
      'The consent page signs and checks a link; it serves nobody. What acts on a tenant belongs into tenants, watches or subscriptions.',
    ),
    {
      name: 'only-shells-import-services',
      comment:
        'services.ts wires everything; only functions/, cli/, bench/ and tests/ may see it. Take what you need as a parameter.',
      severity: 'error',
      from: { path: '^(shared|local)/' },
      to: { path: '^shared/services\\.ts$' },
    },
    only(
      'functions-import-shared',
      '^functions/',
      ['^functions/', '^shared/'],
      'A function is deployed: no tool, test or local stand-in belongs in its bundle. Move what it needs into shared/.',
    ),
    only(
      'services-import-shared',
      '^shared/services\\.ts$',
      ['^shared/'],
      'services.ts is deployed: no tool, test or local stand-in belongs in its bundle. Move what it needs into shared/.',
    ),
    only(
      'cli-imports-shared',
      '^cli/',
      ['^cli/', '^shared/'],
      'The CLI is a second shell over shared/. Move what it needs into shared/; a function has nothing to lend it.',
    ),
    only(
      'simulator-shares-no-code',
      '^local/graphSimulator/',
      ['^local/graphSimulator/'],
      'The simulator stands in for Graph; shared code would hide a mistake on both sides. Write it separately, from the documentation.',
    ),
    only(
      'functions-host-shares-no-code',
      '^local/functionsHost/',
      ['^local/functionsHost/'],
      'The host stands in for Azure Functions; shared code would hide a mistake on both sides. Write it separately, from the documentation.',
    ),
    only(
      'ingestion-shares-no-code',
      '^local/ingestion/',
      ['^local/ingestion/'],
      'The endpoint stands in for Application Insights; shared code would hide a mistake on both sides. Write it separately, from the documentation.',
    ),
    only(
      'local-starts-the-app-as-a-process',
      '^local/(?!(graphSimulator|functionsHost|ingestion)/)',
      ['^local/'],
      'The local cloud runs the built app as Azure would. Start it or the CLI as a process instead of importing its code.',
    ),
    only(
      'examples-stand-alone',
      '^examples/',
      ['^examples/'],
      'An example is copied into the product of a vendor, which has none of our code. Write what it needs in its folder.',
    ),
    {
      name: 'stand-ins-start-as-processes',
      comment:
        'The launchers start the simulator and the host as programs of their own. Only types, the client of the control API, and the check of who may call a server on loopback may be imported.',
      severity: 'error',
      from: { path: '^local/(?!(graphSimulator|functionsHost)/)' },
      to: {
        path: '^local/(graphSimulator|functionsHost)/',
        pathNot: '^local/graphSimulator/(control/controlClient|http/admission)\\.ts$',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'storage-sdks-in-storage',
      comment:
        'Only shared/storage speaks the storage protocol in the product. Use EntityTable, MessageQueue, BlobContainer or DocumentContainer.',
      severity: 'error',
      from: {
        path: '^(shared|functions|cli)/',
        pathNot: '^shared/storage/(tables|queues|queueContents|blobs|documents)\\.ts$',
      },
      to: { path: 'node_modules/@azure/(data-tables|storage-[^/]+)/' },
    },
    {
      name: 'http-in-four-places',
      comment:
        'Only shared/graph calls Graph, with its throttle and its typed errors: use CallGraph. Only shared/sinks/post calls the sinks of events: use Post. Only shared/archive/download opens the addresses of documents. cli/probe asks whether a host answers at all, without a credential.',
      severity: 'error',
      from: {
        path: '^(shared|functions|cli)/',
        pathNot: '^(shared/(graph/http|sinks/post|archive/download)|cli/probe)\\.ts$',
      },
      to: { path: '^(node:)?https?$|node_modules/axios/' },
    },
    {
      name: 'identity-in-four-places',
      comment:
        'Tokens for Graph come from shared/graph/tokens (of the app) and cli/signIn (of a person), for storage from shared/storage/account, for Application Insights from shared/telemetry/exporter. Use those.',
      severity: 'error',
      from: {
        path: '^(shared|functions|cli)/',
        pathNot: '^(shared/(graph/tokens|storage/account|telemetry/exporter)|cli/signIn)\\.ts$',
      },
      to: { path: 'node_modules/@azure/(identity|msal-node)/' },
    },
    {
      name: 'heavy-parts-load-on-use',
      comment:
        'identity takes 24 ms to load and the webhook never needs it. Use `await import()`; `import type` is free.',
      severity: 'error',
      from: { path: '^(shared|functions)/' },
      to: {
        path: 'node_modules/@azure/identity/',
        dependencyTypesNot: ['type-only', 'dynamic-import'],
      },
    },
    {
      name: 'the-webhook-stays-light',
      comment:
        'These files are loaded before the first notification is answered. Put what the worker or a timer needs into a file of its own.',
      severity: 'error',
      from: {
        path: '^shared/(webhook/(receive|verify|scanner|turns|recordReader|sweepAllRequests|handshake)|(jobs|subscriptions)/message|watches/clientState)\\.ts$',
      },
      to: {
        path: '^shared/(cache|graph/|tenants/|operations/|sweep/|watches/watches|storage/(tables|entityTable))',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'functions-library-in-functions',
      comment:
        'A function translates in and out; the core must run without Azure Functions. Move the translation into functions/.',
      severity: 'error',
      from: { path: '^(shared|cli)/' },
      to: { path: 'node_modules/@azure/functions/' },
    },
    {
      name: 'tests-are-imported-by-tests',
      comment: 'The product must build without its tests. Move what both need into the product, or copy what is small.',
      severity: 'error',
      from: { pathNot: '^(tests|bench)/' },
      to: { path: '^tests/' },
    },
    {
      name: 'bench-is-imported-by-nobody',
      comment: 'A measurement is a program of its own. Move what is needed into the code it measures.',
      severity: 'error',
      from: { pathNot: '^(bench|tests)/' },
      to: { path: '^bench/' },
    },
    {
      name: 'product-uses-dependencies',
      comment:
        'npm installs no devDependency where the CLI runs, and the bundle must not carry one. Move the package to dependencies, or the code to local/ or tests/.',
      severity: 'error',
      from: { path: '^(shared|functions|cli)/' },
      to: { dependencyTypes: ['npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'everything-resolves',
      comment: 'This import leads nowhere. Correct the path, or add the package to package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycles',
      comment:
        'Two files that need each other are one idea or three. Move what both need into a third, or pass it as a parameter.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-orphans',
      comment:
        'Nobody imports this file and it imports nothing. Delete it, or wire it up where it was meant to be used.',
      severity: 'error',
      from: {
        orphan: true,
        // Each of these is a start: a test, a preload, a file that another program loads by path.
        pathNot: ['\\.test\\.ts$', '\\.d\\.ts$', '^tests/fixtures/', '^local/[^/]+\\.cjs$', '^cli/run\\.cjs$'],
      },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^(dist|coverage)/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
      mainFields: ['module', 'main', 'types'],
      extensions: ['.ts', '.tsx', '.mjs', '.cjs', '.js', '.json'],
    },
    reporterOptions: { text: { highlightFocused: true } },
  },
};
