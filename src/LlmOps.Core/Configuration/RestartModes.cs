namespace LlmOps.Configuration;

/// <summary>Restart modes as files and command lines write them, the way docker and systemd do.</summary>
internal static class RestartModes
{
    /// <summary>The mode's word.</summary>
    public static string ToText(RestartMode mode) => mode switch
    {
        RestartMode.Never => "never",
        RestartMode.Always => "always",
        _ => "on-failure",
    };

    /// <summary>The mode that a word names; null when it names none.</summary>
    public static RestartMode? Parse(string text) => text switch
    {
        "never" or "no" => RestartMode.Never,
        "on-failure" or "onFailure" => RestartMode.OnFailure,
        "always" => RestartMode.Always,
        _ => null,
    };

    /// <summary>The mode's name, as records on disk have it.</summary>
    public static string ToName(RestartMode mode) => mode switch
    {
        RestartMode.Never => nameof(RestartMode.Never),
        RestartMode.Always => nameof(RestartMode.Always),
        _ => nameof(RestartMode.OnFailure),
    };

    /// <summary>The mode of that name; null when there is none.</summary>
    public static RestartMode? ParseName(string name) => name switch
    {
        nameof(RestartMode.Never) => RestartMode.Never,
        nameof(RestartMode.OnFailure) => RestartMode.OnFailure,
        nameof(RestartMode.Always) => RestartMode.Always,
        _ => null,
    };
}
