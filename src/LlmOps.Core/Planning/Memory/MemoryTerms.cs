namespace LlmOps.Planning.Memory;

/// <summary>The figures of a plan one by one, with where each comes from.</summary>
internal static class MemoryTerms
{
    private const string Engine = "the engine's own estimate";

    /// <summary>All figures that are not 0, devices first.</summary>
    public static IReadOnlyList<MemoryTerm> Of(MemoryPlan plan)
    {
        bool asked = plan.Source == "engine";
        List<MemoryTerm> terms = [];
        foreach (DeviceMemory device in plan.Devices)
        {
            Add(device.Name, "weights", device.WeightsBytes, asked ? Engine : "tensors of the layers that are placed here");
            Add(device.Name, "kvCache", device.KvCacheBytes, asked ? Engine : "cells × heads × width in the cache's types, layer by layer");
            Add(device.Name, "recurrent", device.RecurrentBytes, asked ? Engine : "32-bit state × slots × (1 + draft tokens that may be taken back)");
            Add(device.Name, "compute", device.ComputeBytes, asked ? Engine : "the engine's graph of one micro batch, laid out as it does");
            Add(device.Name, "projector", device.ProjectorBytes, "tensors of the projector file, and its graph for the largest image");
            Add(device.Name, "draft", device.DraftBytes, "the drafting context, computed like the main one");
            Add(device.Name, "overhead", device.OverheadBytes, BackendOverhead.Source(device.Name));
        }

        HostMemory host = plan.Host;
        const string Where = "host";
        Add(Where, "weights", host.WeightsBytes, asked ? Engine : "input tables, and tensors of the layers and experts that stay here");
        Add(Where, "kvCache", host.KvCacheBytes, asked ? Engine : "cells × heads × width in the cache's types, layer by layer");
        Add(Where, "recurrent", host.RecurrentBytes, asked ? Engine : "32-bit state × slots × (1 + draft tokens that may be taken back)");
        Add(Where, "compute", host.ComputeBytes, asked ? Engine : "inputs of the graph and what runs on the processor");
        Add(Where, "output", host.OutputBytes, "a row of logits a slot and draft token");
        Add(Where, "projector", host.ProjectorBytes, "tensors of the projector file, and its graph for the largest image");
        Add(Where, "draft", host.DraftBytes, "the drafting context, computed like the main one");
        Add(Where, "promptCache", host.PromptCacheBytes, "limit of --cache-ram; grows while the server runs");
        Add(Where, "checkpoints", host.CheckpointBytes, "states to go back to: one every --checkpoint-min-step tokens and a few at the end, at most --ctx-checkpoints a slot; grows while the server runs");
        Add(Where, "mapped", host.MappedBytes, "size of the model file; page cache that the system may drop");
        Add(Where, "locked", host.LockedBytes, "weights on the host that are locked in memory");
        return terms;

        void Add(string place, string kind, long bytes, string source)
        {
            if (bytes != 0)
            {
                terms.Add(new MemoryTerm(place, kind, bytes, source));
            }
        }
    }
}
