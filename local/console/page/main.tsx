/**
 * The page of the console. Preact renders it, because each update replaces a whole job or state: Preact changes only what
 * differs, so focus, selection and half-typed text stay. It is 5 KB, has no dependency, and inserts all text as text.
 */
import { render } from 'preact';
import { Console } from './Console';
import { createConsoleClient } from './consoleClient';

const root = document.getElementById('console');
if (root === null) throw new Error('index.html has no element with the id console');
const token = new URLSearchParams(location.search).get('token') ?? '';
render(<Console client={createConsoleClient({ fetch: (...call) => fetch(...call), token })} token={token} />, root);
