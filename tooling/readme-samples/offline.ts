// For `node --import`: samples call run() as a user would, and get their answers without a network.
import { setDefaultModelProvider, setTracingDisabled } from '@openai/agents';
import { OfflineModelProvider } from '@stackone/quickstart/offline-model';

setTracingDisabled(true);
setDefaultModelProvider(new OfflineModelProvider());
