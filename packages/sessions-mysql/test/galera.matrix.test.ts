// Promises: Whole turns, in order; No item twice; Errors tell the truth; Servers of several nodes.
import { cutOffFromGalera, startGaleraCluster } from '@stackone/test-servers';
import { describe } from 'vitest';
import { describeClusterScenes } from './cluster-scenes.js';

describe('Galera, three nodes that all take writes', () => {
  describeClusterScenes('Galera', () => startGaleraCluster(3)).describeCutOff(cutOffFromGalera);
});
