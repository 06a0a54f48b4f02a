/** The webhook as it is deployed, beside the bare function it is measured against. */
import '../../functions/receiveNotifications';
import './bareFunction';
