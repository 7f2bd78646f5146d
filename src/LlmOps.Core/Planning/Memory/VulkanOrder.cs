namespace LlmOps.Planning.Memory;

/// <summary>The order in which Vulkan devices compute a part of the graph: what depends on nothing that is still to come is drawn forward.</summary>
/// <remarks>Source of the rule: ggml <c>src/ggml-vulkan/ggml-vulkan.cpp</c> (ggml_vk_graph_optimize).</remarks>
internal static class VulkanOrder
{
    // How far ahead of the first open operation others are looked at.
    private const int Ahead = 20;
    private const int AheadForTurn = 15;
    private const int AheadForStore = 10;

    // Pairs that one shader computes: the second may follow the first at once, though it depends on it.
    private static readonly (GraphOperation First, GraphOperation Second)[] s_pairs =
    [
        (GraphOperation.Norm, GraphOperation.Product),
        (GraphOperation.Matrix, GraphOperation.Sum),
        (GraphOperation.Experts, GraphOperation.ExpertSum),
        (GraphOperation.Experts, GraphOperation.Product),
        (GraphOperation.Sum, GraphOperation.Sum),
        (GraphOperation.Convolution, GraphOperation.Sum),
        (GraphOperation.Convolution, GraphOperation.Function),
    ];

    /// <summary>The operations in their new order.</summary>
    public static List<GraphTensor> Of(IReadOnlyList<GraphTensor> nodes)
    {
        List<GraphTensor> ordered = new(nodes.Count);
        bool[] used = new bool[nodes.Count];
        HashSet<GraphTensor> done = [];
        List<int> current = [];
        int first = 0;
        while (first < nodes.Count)
        {
            current.Clear();
            if (nodes[first].BeginsGroup)
            {
                TakeGroup(nodes, used, current, first);
            }
            else
            {
                current.Add(first);
                DrawForward(nodes, used, done, current, first);
                if (nodes[current[^1]].Operation != GraphOperation.Sum)
                {
                    DrawViews(nodes, used, current, first);
                }
            }

            foreach (int at in current)
            {
                ordered.Add(nodes[at]);
                done.Add(nodes[at]);
                used[at] = true;
            }

            while (first < nodes.Count && used[first])
            {
                first++;
            }
        }

        return ordered;
    }

    // The choice of experts is one shader and stays together.
    private static void TakeGroup(IReadOnlyList<GraphTensor> nodes, bool[] used, List<int> current, int first)
    {
        for (int at = first; at < nodes.Count && (at == first || (nodes[at].IsGrouped && !nodes[at].BeginsGroup)); at++)
        {
            if (!used[at])
            {
                current.Add(at);
            }
        }
    }

    private static void DrawForward(IReadOnlyList<GraphTensor> nodes, bool[] used, HashSet<GraphTensor> done, List<int> current, int first)
    {
        int end = Math.Min(first + Ahead, nodes.Count);
        for (int at = first + 1; at < end; at++)
        {
            GraphTensor node = nodes[at];
            if (used[at] || node.Operation == GraphOperation.View || node.BeginsGroup || !IsFree(nodes, used, current, first, at))
            {
                continue;
            }

            current.Add(at);
            int turn = at;
            if (node.Operation == GraphOperation.Product && nodes[at - 1].Operation == GraphOperation.Norm
                && Find(nodes, at, AheadForTurn, other => other.Operation == GraphOperation.Turn && other.Sources[0] == node) is { } turned)
            {
                Take(turned);
                turn = turned;
            }

            if (nodes[turn].Operation == GraphOperation.Turn)
            {
                TakeStore(turn);
            }

            GraphOperation follower = (nodes[at - 1].Operation, node.Operation) switch
            {
                (GraphOperation.Experts, GraphOperation.ExpertSum) => GraphOperation.Product,
                (GraphOperation.Matrix, GraphOperation.Sum) => GraphOperation.Sum,
                (GraphOperation.Convolution, GraphOperation.Sum) => GraphOperation.Function,
                _ => GraphOperation.Other,
            };
            if (follower != GraphOperation.Other && Find(nodes, at, AheadForTurn, other => Follows(other, node, follower, done)) is { } next)
            {
                Take(next);
            }
        }

        void Take(int at)
        {
            current.Add(at);
            used[at] = true;
        }

        void TakeStore(int turn)
        {
            int view = -1;
            for (int at = turn + 1; at < Math.Min(turn + AheadForStore, nodes.Count); at++)
            {
                if (view < 0 && nodes[at].Operation == GraphOperation.View && nodes[at].Sources[0] == nodes[turn])
                {
                    view = at;
                }
                else if (view >= 0 && nodes[at].Operation == GraphOperation.Store && nodes[at].Sources[0] == nodes[view])
                {
                    Take(view);
                    Take(at);
                    return;
                }
            }
        }
    }

    private static bool Follows(GraphTensor other, GraphTensor node, GraphOperation operation, HashSet<GraphTensor> done) =>
        other.Operation == operation && other.Sources[0] == node
        && (operation == GraphOperation.Function || other.Sources.Length < 2 || done.Contains(other.Sources[1]));

    private static int? Find(IReadOnlyList<GraphTensor> nodes, int from, int ahead, Func<GraphTensor, bool> matches)
    {
        for (int at = from + 1; at < Math.Min(from + ahead, nodes.Count); at++)
        {
            if (matches(nodes[at]))
            {
                return at;
            }
        }

        return null;
    }

    private static bool IsFree(IReadOnlyList<GraphTensor> nodes, bool[] used, List<int> current, int first, int at)
    {
        for (int before = first; before < at; before++)
        {
            if (!used[before] && Reads(nodes[at], nodes[before]) && !(at == before + 1 && before == current[^1] && s_pairs.Contains((nodes[before].Operation, nodes[at].Operation))))
            {
                return false;
            }
        }

        return true;
    }

    private static void DrawViews(IReadOnlyList<GraphTensor> nodes, bool[] used, List<int> current, int first)
    {
        int end = Math.Min(first + Ahead, nodes.Count);
        for (int at = first + 1; at < end; at++)
        {
            if (used[at] || nodes[at].Operation != GraphOperation.View)
            {
                continue;
            }

            bool isFree = true;
            for (int before = first; before < at && isFree; before++)
            {
                isFree = used[before] || !Reads(nodes[at], nodes[before]) || current.Contains(before);
            }

            if (isFree)
            {
                current.Add(at);
            }
        }
    }

    // What shows the same memory depends on what comes before it, and so does what reads a cache after it was written, or writes it after it was read.
    private static bool Reads(GraphTensor node, GraphTensor other)
    {
        if (node.Memory == other.Memory)
        {
            return true;
        }

        if (node.Target is { } target)
        {
            foreach (GraphTensor read in other.Sources)
            {
                if (read.Memory == target && other.Root is null)
                {
                    return true;
                }
            }
        }

        foreach (GraphTensor source in node.Sources)
        {
            if (source == other || (other.Target is { } written && source.Memory == written))
            {
                return true;
            }
        }

        return false;
    }
}
