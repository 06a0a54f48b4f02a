import './receiveNotifications';
import './receiveLifecycleEvents';
import './processNotification';
import './renewSubscriptions';
import './processLifecycleEvent';
import './sweepJobs';
import './recoverJobs';
import './consent';
