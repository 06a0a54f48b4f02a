import { randomBytes } from 'node:crypto';
import { createTrace } from '../../../shared/jobs/message';

/** The form is that of W3C Trace Context, version 00. */
const FORM = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/;

it('gives each item of a POST a span of its own in one trace', () => {
  const trace = createTrace(randomBytes);
  const parents = Array.from({ length: 200 }, () => FORM.exec(trace.nextTraceparent()));
  expect(new Set(parents.map((parent) => parent?.[1]))).toEqual(new Set([trace.traceId]));
  expect(new Set(parents.map((parent) => parent?.[2])).size).toBe(200);
});

it('takes its bytes as they come', () => {
  const trace = createTrace((size) => Buffer.alloc(size, 0xab));
  expect(trace.nextTraceparent()).toBe(`00-${'ab'.repeat(16)}-${'ab'.repeat(8)}-01`);
});

it('draws no bytes for spans that are not used', () => {
  const sizes: number[] = [];
  createTrace((size) => {
    sizes.push(size);
    return Buffer.alloc(size);
  });
  expect(sizes).toEqual([16]);
});
