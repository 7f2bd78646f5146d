using LlmOps.Configuration;
using LlmOps.Hardware;

namespace LlmOps.Planning.Distributed;

/// <summary>A machine that takes part, and where the others reach it.</summary>
/// <param name="Order">Its place; 0 answers clients.</param>
/// <param name="Name">Its name.</param>
/// <param name="Address">Its address; null where Kubernetes decides.</param>
/// <param name="Topology">What it has.</param>
internal sealed record ClusterMember(int Order, string Name, string? Address, GpuTopology Topology)
{
    /// <summary>The machines of <paramref name="request"/>, the first one first.</summary>
    /// <param name="request">What was asked for.</param>
    /// <param name="form">One of <see cref="ClusterForms"/>.</param>
    /// <exception cref="LlmOpsException">A machine is named twice, or nobody knows where to reach it.</exception>
    public static IReadOnlyList<ClusterMember> Of(PlanRequest request, string form)
    {
        GpuTopology[] topologies = [request.Topology, .. request.OtherHosts];
        if (request.Addresses.Count > 0 && request.Addresses.Count != topologies.Length)
        {
            throw new LlmOpsException($"{topologies.Length} machines need as many addresses, in their order, and {request.Addresses.Count} are given; give one for each", "AddressCountMismatch");
        }

        List<ClusterMember> members = [];
        foreach (GpuTopology topology in topologies)
        {
            int order = members.Count;
            string? address = form == ClusterForms.Kubernetes ? null : AddressOf(request, order, topology);
            string name = Label(topology.Host.Name ?? address ?? $"host{order}", members);
            ClusterMember member = new(order, name, address, topology);
            foreach (ClusterMember earlier in members)
            {
                Compare(earlier, member);
            }

            members.Add(member);
        }

        return members;
    }

    private static string AddressOf(PlanRequest request, int order, GpuTopology topology)
    {
        string? address = request.Addresses.Count > 0 ? request.Addresses[order] : topology.Host.Name is "localhost" ? null : topology.Host.Name;
        return address is null ? throw new LlmOpsException($"nobody knows where the other machines reach machine {order + 1}: its topology has no name; give an address for each machine, in their order", "AddressUnknown")
            : IsAddress(address) ? address
            : throw new LlmOpsException($"'{address}' is no address of a machine; write 10.0.0.1, 2001:db8::1 or a host name, without a port", "AddressInvalid");
    }

    private static bool IsAddress(string address) => Uri.CheckHostName(address) != UriHostNameType.Unknown;

    private static string Label(string name, List<ClusterMember> members) =>
        members.Any(member => member.Name == name) ? $"{name}-{members.Count + 1}" : name;

    private static void Compare(ClusterMember first, ClusterMember second)
    {
        string? shared = first.Topology.Gpus.Select(gpu => gpu.Uuid).FirstOrDefault(uuid => uuid is not null && second.Topology.Gpus.Any(gpu => gpu.Uuid == uuid));
        string? same = shared is not null ? $"both have the GPU {shared}"
            : first.Address is not null && string.Equals(first.Address, second.Address, StringComparison.OrdinalIgnoreCase) ? $"both are reached at {first.Address}"
            : null;
        if (same is not null)
        {
            throw new LlmOpsException($"machines {first.Order + 1} and {second.Order + 1} are the same one: {same}; give each machine once, with a topology captured on it (llmops gpu --json there)", "HostGivenTwice");
        }
    }
}
