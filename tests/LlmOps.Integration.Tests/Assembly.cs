using System.Runtime.Versioning;

[assembly: SupportedOSPlatform("linux")]

// Each test starts real servers; side by side on two cores they would only slow each other down.
[assembly: CollectionBehavior(DisableTestParallelization = true)]
