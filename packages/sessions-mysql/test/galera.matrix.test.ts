// Promises: Whole turns, in order; No item twice; Errors tell the truth.
import { startGaleraCluster } from '@stackone/test-servers';
import { describe } from 'vitest';
import { describeClusterScenes } from './cluster-scenes.js';

describe('Galera, three nodes that all take writes', () => {
  describeClusterScenes(() => startGaleraCluster(3));
});
