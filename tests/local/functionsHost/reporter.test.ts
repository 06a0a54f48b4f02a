import { createLogFilter } from '../../../local/functionsHost/reporter';

// logging.logLevel (documentation page configure-monitoring: "Configure log levels"): longest category prefix wins.
test('the longest category wins over default, and Information is the floor without rules', () => {
  const allows = createLogFilter({ default: 'Warning', Function: 'Error', 'Function.a.User': 'Debug' });
  expect(allows('warning', 'Host.Startup')).toBe(true);
  expect(allows('information', 'Host.Startup')).toBe(false);
  expect(allows('warning', 'Function.b')).toBe(false);
  expect(allows('debug', 'Function.a.User')).toBe(true);
  expect(allows('error', 'Functional')).toBe(true);
  expect(createLogFilter({})('debug', 'Function.a')).toBe(false);
  expect(createLogFilter({})('information', 'Function.a')).toBe(true);
});

test('None silences a category', () => {
  expect(createLogFilter({ Worker: 'None' })('critical', 'Worker')).toBe(false);
});
