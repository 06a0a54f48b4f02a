import { connect } from 'node:net';

/** Sends text to a host as it is and resolves to the text of the answer, once the host closes the connection. */
export function rawRequest(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(text));
    socket.on('data', (data) => (answer += String(data)));
    socket.once('error', reject).once('close', () => resolve(answer));
  });
}
