import { app } from '@azure/functions';
import { getTelemetry } from '../shared/telemetry/telemetry';

// The host runs it before it ends the worker, and waits for it.
app.hook.appTerminate(() => getTelemetry(process.env).flush());
