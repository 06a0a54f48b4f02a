import { TEST_KEYS_SETTING } from './notifications';

/** Settings of the app whose storage and Graph do not answer: nothing listens on port 1 of loopback. */
export const UNREACHABLE_SETTINGS = {
  AzureWebJobsStorage:
    'DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a;',
  ENTRA_CLIENT_ID: '99999999-0000-4000-8000-000000000009',
  GRAPH_CREDENTIAL: 'development',
  GRAPH_BASE_URL: 'http://127.0.0.1:1/v1.0',
  ENTRA_AUTHORITY_HOST: 'http://127.0.0.1:1',
  CLIENT_STATE_KEYS: TEST_KEYS_SETTING,
  PUBLIC_BASE_URL: 'https://app.example.com/api',
};
