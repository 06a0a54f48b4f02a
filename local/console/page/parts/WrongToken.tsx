/** In place of the page, when its address carries no token, or one of an earlier start. */
export function WrongToken() {
  return (
    <main class="refused">
      <img src="icon.svg" alt="" width="40" height="40" />
      <h1>This address does not open the console</h1>
      <p>
        Its token is missing, or belongs to an earlier start. The token keeps other pages in your browser from using the
        console. Each start has a new one.
      </p>
      <ol>
        <li>
          In the terminal of <code>npm start</code>, find the line that begins with <em>Open the console</em>. Start it
          again if it has ended.
        </li>
        <li>Open the whole address, with everything after the question mark:</li>
      </ol>
      <pre>{`${location.origin}/?token=…`}</pre>
    </main>
  );
}
