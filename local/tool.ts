/** The verbs that act on the simulated world of the local cloud. Started by the command line with its settings. */
import { readLocalCloudFile } from './localCloudFile';
import { runTool } from './tool/runTool';

process.exitCode = await runTool(process.argv.slice(2), {
  graphBaseUrl: process.env['GRAPH_BASE_URL'],
  localCloud: readLocalCloudFile(process.cwd()),
  stdout: (text) => process.stdout.write(text),
  stderr: (text) => process.stderr.write(text),
});
