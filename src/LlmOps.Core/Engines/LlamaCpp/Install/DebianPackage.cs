using System.Text.RegularExpressions;
using LlmOps.Processes;

namespace LlmOps.Engines.LlamaCpp.Install;

/// <summary>Debian package files: their names and their contents.</summary>
internal static partial class DebianPackage
{
    /// <summary>Unpacks the files of <paramref name="package"/> below <paramref name="root"/>; nothing of it is run.</summary>
    public static async Task UnpackAsync(string package, string root, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(root);
        ProcessResult result = await ProcessRunner.RunAsync(new ProcessRequest("dpkg-deb", ["--extract", package, root]), cancellationToken).ConfigureAwait(false);
        if (result.ExitCode != 0)
        {
            throw new EngineInstallException($"{Path.GetFileName(package)} could not be unpacked: {result.StandardError.Split('\n')[0]}");
        }
    }

    /// <summary>The full version in a file name: <c>1:0.7.0+dfsg-2</c> in <c>llama.cpp-tools_1%3a0.7.0+dfsg-2_amd64.deb</c>.</summary>
    public static string VersionOf(string fileName) => Uri.UnescapeDataString(Path.GetFileName(fileName).Split('_')[1]);

    /// <summary>What the authors called it: <c>0.7.0</c> of <c>1:0.7.0+dfsg-2</c> (deb-version(7): epoch, upstream version, revision).</summary>
    public static string UpstreamVersion(string version) => Version().Match(version).Groups["upstream"].Value;

    [GeneratedRegex(@"^(\d+:)?(?<upstream>.+?)([+~](dfsg|ds)[^-]*)?(-[^-]*)?$")]
    private static partial Regex Version();
}
