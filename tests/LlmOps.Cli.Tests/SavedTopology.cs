namespace LlmOps.Cli.Tests;

/// <summary>A machine that is not this one: two GPUs of 24 GiB on one host bridge.</summary>
public static class SavedTopology
{
    public const string TwoGpus =
        """
        {
          "capturedAt": "2026-11-21T09:00:00Z",
          "source": "nvml",
          "host": {
            "os": "Ubuntu 22.04.5 LTS", "kernel": "5.15.0", "isWsl": false, "isContainer": false,
            "cpu": { "model": "Intel(R) Xeon(R) CPU E5-2699 v3", "sockets": 1, "physicalCores": 18, "logicalCores": 36 },
            "memory": { "totalBytes": 137438953472, "availableBytes": 130000000000 },
            "numaNodes": [ { "node": 0, "cpus": "0-35", "memoryBytes": 137438953472 } ],
            "limits": { "memlockBytes": -1, "nofile": 1048576, "shmBytes": 68719476736 }
          },
          "driver": { "version": "580.65.06", "cudaVersion": "13.0", "nvmlVersion": "13.580.65.06" },
          "gpus": [
            { "index": 0, "cudaIndex": 0, "uuid": "GPU-11111111-1111-1111-1111-111111111111", "pciBusId": "00000000:02:00.0", "vendor": "nvidia",
              "name": "NVIDIA GeForce RTX 3090", "computeCapability": "8.6", "memoryTotalBytes": 25769803776, "memoryFreeBytes": 25300000000,
              "pcie": { "generation": 1, "width": 16, "maxGeneration": 3, "maxWidth": 16 }, "numaNode": 0, "displayActive": false, "processes": [] },
            { "index": 1, "cudaIndex": 1, "uuid": "GPU-22222222-2222-2222-2222-222222222222", "pciBusId": "00000000:03:00.0", "vendor": "nvidia",
              "name": "NVIDIA GeForce RTX 3090", "computeCapability": "8.6", "memoryTotalBytes": 25769803776, "memoryFreeBytes": 25300000000,
              "pcie": { "generation": 1, "width": 16, "maxGeneration": 3, "maxWidth": 16 }, "numaNode": 0, "displayActive": false, "processes": [] }
          ],
          "links": [ { "a": 0, "b": 1, "kind": "PHB", "nvlinks": 0, "bytesPerSecond": 12000000000, "peerAccess": false } ]
        }
        """;
}
