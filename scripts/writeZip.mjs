/**
 * The bytes of a zip archive: what zip deploy takes, nothing more (no Zip64, so at most 65,535 files and 4 GiB).
 * Format: APPNOTE.TXT of PKWARE, sections 4.3.7, 4.3.12 and 4.3.16. Every entry bears the first date that zip knows, so
 * that the same files give the same archive.
 */
import { crc32, deflateRawSync } from 'node:zlib';

/** 2.0: the first version with deflate. */
const VERSION = 20;
/** Made on Unix, so that the mode in the external attributes is read. */
const MADE_BY = (3 << 8) | VERSION;
const UTF8_NAMES = 1 << 11;
const DEFLATE = 8;
/** 1980-01-01 00:00:00 as (date << 16) | time. */
const FIRST_DATE = ((1 << 5) | 1) << 16;
/** A plain file that everybody may read. */
const FILE_MODE = 0o100644;

/** @param files name (with slashes) -> content */
export function writeZip(files) {
  const parts = [];
  const directory = [];
  let offset = 0;
  for (const [name, content] of Object.entries(files)) {
    const nameBytes = Buffer.from(name);
    const data = deflateRawSync(content, { level: 9 });
    // These 26 bytes stand alike in the local header and in the directory.
    const facts = Buffer.alloc(26);
    facts.writeUInt16LE(VERSION, 0);
    facts.writeUInt16LE(UTF8_NAMES, 2);
    facts.writeUInt16LE(DEFLATE, 4);
    facts.writeUInt32LE(FIRST_DATE, 6);
    facts.writeUInt32LE(crc32(content), 10);
    facts.writeUInt32LE(data.length, 14);
    facts.writeUInt32LE(content.length, 18);
    facts.writeUInt16LE(nameBytes.length, 22);
    const local = Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, nameBytes, data]);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(FILE_MODE * 0x10000, 6);
    entry.writeUInt32LE(offset, 10);
    directory.push(Buffer.from('PK\x01\x02', 'latin1'), uint16(MADE_BY), facts, entry, nameBytes);
    parts.push(local);
    offset += local.length;
  }
  const listing = Buffer.concat(directory);
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(parts.length, 8);
  end.writeUInt16LE(parts.length, 10);
  end.writeUInt32LE(listing.length, 12);
  end.writeUInt32LE(offset, 16);
  return Buffer.concat([...parts, listing, end]);
}

function uint16(value) {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16LE(value);
  return bytes;
}
