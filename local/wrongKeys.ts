/** What `npm start` says about the output of `status --json`: one line for each customer whose watches have a wrong key. */
export function describeWrongKeys(status: unknown): string[] {
  const byTenant = new Map<string, Set<string>>();
  for (const wrong of listOf(fieldOf(status, 'wrongKeys'))) {
    const [tenantId, keyId, problem] = ['tenantId', 'keyId', 'problem'].map((name) => String(fieldOf(wrong, name)));
    if (tenantId === undefined) continue;
    byTenant.set(tenantId, (byTenant.get(tenantId) ?? new Set<string>()).add(`${keyId} (${problem})`));
  }
  const lines = [...byTenant].map(
    ([tenantId, keys]) =>
      `warning: the watches of tenant ${tenantId} are signed with another key: ${[...keys].join(', ')}.`,
  );
  if (lines.length === 0) return [];
  const remedy = 'Their notifications are refused. Restore the key in CLIENT_STATE_KEYS, or run:';
  return [...lines, `${remedy} npm run -s cli -- subscriptions reconcile`];
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.entries(value).find(([key]) => key === name)?.[1]
    : undefined;
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
