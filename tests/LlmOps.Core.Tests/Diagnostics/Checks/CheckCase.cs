using LlmOps.Diagnostics;

namespace LlmOps.Core.Tests.Diagnostics.Checks;

/// <summary>A machine and what one check must find on it.</summary>
/// <param name="Id">The check.</param>
/// <param name="Expected">Its outcome.</param>
/// <param name="Says">What its message or evidence must hold.</param>
/// <param name="Make">Makes the machine.</param>
internal sealed record CheckCase(string Id, CheckStatus Expected, string Says, Action<CheckMachine> Make)
{
    public static CheckCase Pass(string id, string says, Action<CheckMachine> make) => new(id, CheckStatus.Pass, says, make);

    public static CheckCase Skip(string id, string says, Action<CheckMachine> make) => new(id, CheckStatus.Skip, says, make);

    public static CheckCase Warn(string id, string says, Action<CheckMachine> make) => new(id, CheckStatus.Warn, says, make);

    public static CheckCase Fail(string id, string says, Action<CheckMachine> make) => new(id, CheckStatus.Fail, says, make);
}
