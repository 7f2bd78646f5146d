using LlmOps.Benchmarking.Reports;
using LlmOps.Configuration;
using LlmOps.Hardware;

namespace LlmOps.Binding;

/// <summary>Lets a topology be given as its JSON file.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class TopologyTransformationAttribute() : FileTransformationAttribute(".json")
{
    /// <inheritdoc />
    protected override IEnumerable<object> Read(string file)
    {
        GpuTopology topology = TopologyFile.Read(file);
        return [TopologyOrigin.Remember(topology, topology)];
    }
}

/// <summary>Lets a configuration be given as its YAML file.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ConfigTransformationAttribute() : FileTransformationAttribute(".yaml", ".yml")
{
    /// <inheritdoc />
    protected override IEnumerable<object> Read(string file) => [ServerConfigFile.Read(file)];
}

/// <summary>Lets measurements be given as the JSON file that they were saved in.</summary>
[AttributeUsage(AttributeTargets.Property)]
public sealed class ResultTransformationAttribute() : FileTransformationAttribute(".json")
{
    /// <inheritdoc />
    protected override IEnumerable<object> Read(string file) => ResultFile.Read(file);
}
