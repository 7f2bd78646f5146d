namespace LlmOps.Configuration.Export.Clients;

/// <summary>A program that talks to servers and can be told of one.</summary>
public enum ClientApplication
{
    /// <summary>Variables that OpenAI's libraries and most tools read.</summary>
    OpenAI,

    /// <summary>OpenClaw: a part of <c>openclaw.json</c>.</summary>
    OpenClaw,

    /// <summary>one-api: a channel.</summary>
    OneApi,

    /// <summary>Page Assist: a file for its import.</summary>
    PageAssist,

    /// <summary>Cherry Studio: a link that adds a provider.</summary>
    CherryStudio,
}
