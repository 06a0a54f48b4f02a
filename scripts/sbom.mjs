/** The software bill of materials of a package: CycloneDX 1.6 as JSON (https://cyclonedx.org/docs/1.6/json/). */
import { createHash } from 'node:crypto';

/**
 * The same input gives the same text: no time stamp, and a serial number from the content. GitHub's `actions/attest` accepts
 * only documents with a serial number.
 *
 * @param app `{ name, version, license }` of package.json, and `sha256` of the archive in hex
 * @param shipped the result of `readShippedPackages`
 * @param lock package-lock.json, parsed: it has the hash of each package as npm downloads it
 */
export function formatSbom(app, { packages, ownImports }, lock) {
  const ref = `pkg:generic/${app.name}@${app.version}`;
  const document = {
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      lifecycles: [{ phase: 'build' }],
      component: {
        type: 'application',
        'bom-ref': ref,
        name: app.name,
        version: app.version,
        hashes: [{ alg: 'SHA-256', content: app.sha256 }],
        licenses: licensesOf(app.license),
        purl: ref,
      },
    },
    components: packages.map((one) => toComponent(one, lock)),
    dependencies: [
      { ref, dependsOn: ownImports },
      ...packages.map(({ purl, imports }) => ({ ref: purl, dependsOn: imports })),
    ],
  };
  const serialNumber = `urn:uuid:${uuidOf(JSON.stringify(document))}`;
  const { bomFormat, specVersion, ...rest } = document;
  return `${JSON.stringify({ bomFormat, specVersion, serialNumber, ...rest }, null, 2)}\n`;
}

function toComponent({ name, version, license, purl, folder }, lock) {
  const [group, plain] = name.startsWith('@') ? name.split('/') : [undefined, name];
  const integrity = /^sha512-(.+)$/.exec(lock.packages[folder]?.integrity ?? '')?.[1];
  if (integrity === undefined) throw new Error(`package-lock.json has no SHA-512 of ${folder}. Run npm install.`);
  return {
    type: 'library',
    'bom-ref': purl,
    ...(group === undefined ? {} : { group }),
    name: plain,
    version,
    licenses: licensesOf(license),
    purl,
    // Of the archive that npm installs.
    hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity, 'base64').toString('hex') }],
  };
}

/** An SPDX identifier, or an expression of several. */
function licensesOf(license) {
  return /[ ()]/.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

/** A UUID of version 8, whose bits are free to choose (RFC 9562): those of a SHA-256. */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = ((parseInt(hex[16], 16) & 0x3) | 0x8).toString(16);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
