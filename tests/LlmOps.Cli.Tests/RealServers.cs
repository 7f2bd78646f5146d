namespace LlmOps.Cli.Tests;

/// <summary>
/// Tests that start real servers run one after another: a plan takes a port that is free when it is made, and side by side two plans would take
/// the same one before either server listens.
/// </summary>
[CollectionDefinition(Name)]
public sealed class RealServers
{
    public const string Name = "real servers";
}
