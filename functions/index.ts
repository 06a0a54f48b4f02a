import './receiveNotifications';
import './receiveLifecycleEvents';
