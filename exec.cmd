@rem Runs a script of package.json on Windows, as exec does in a shell: see scripts/local.mjs.
@%*
