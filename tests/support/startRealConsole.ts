import { startConsole } from '../../local/console/startConsole';
import { FIRST_CUSTOMER, onboardFirstCustomer } from '../../local/firstCustomer';
import { createControlClient } from '../../local/graphSimulator/control/controlClient';
import { runCliCommand } from '../../local/processes';
import { startLocalCloud } from '../../local/startLocalCloud';
import { createStopList } from '../../local/stopList';
import { ROOT } from './startFlow';

/** The console of a local cloud with its first customer, as `npm start` has it, on free ports. */
export interface RealConsole {
  /** With the token. */
  readonly url: string;
  readonly origin: string;
  readonly tenantId: string;
  readonly printerId: string;
  /** How many jobs the simulator has. */
  jobCount(): Promise<number>;
  stop(): Promise<void>;
}

export async function startRealConsole(): Promise<RealConsole> {
  const stops = createStopList();
  try {
    const cloud = await startLocalCloud({ root: ROOT, ports: 'free', stops });
    const { address, stop } = await startConsole({ root: ROOT, cloud, port: 0 });
    await stops.add(stop);
    const control = createControlClient(cloud.simulator);
    await onboardFirstCustomer(control, (...args) => runCliCommand(ROOT, cloud.environment, args));
    return {
      url: address,
      origin: new URL(address).origin,
      tenantId: FIRST_CUSTOMER.tenantId,
      printerId: FIRST_CUSTOMER.printers.free.id,
      jobCount: async () => (await control.listedJobs()).length,
      stop: () => stops.stop(),
    };
  } catch (error) {
    await stops.stop();
    throw error;
  }
}
