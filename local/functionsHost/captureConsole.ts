/** The part of process.stdout that is needed here. */
interface Output {
  write: (...args: never[]) => boolean;
}

/**
 * Takes over `output`: returns the only way to write to it, and turns whatever else is written (the app's console.log)
 * into lines made by `toLine`, so that stdout stays JSON lines.
 */
export function captureConsole(output: Output, toLine: (text: string) => string): (text: string) => void {
  const original = output.write.bind(output) as (text: string) => boolean;
  let rest = '';
  output.write = (chunk: unknown, ...others: unknown[]) => {
    rest += typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString('utf8');
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) original(toLine(line));
    const callback = others.find((other): other is () => void => typeof other === 'function');
    if (callback) setImmediate(callback);
    return true;
  };
  return (text) => void original(text);
}
