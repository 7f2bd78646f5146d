using System.Text.Json;
using System.Text.Json.Nodes;
using LlmOps.Models;

namespace LlmOps.Accuracy;

/// <summary>Writes the outlines of some models and their cases, which the unit tests compare with.</summary>
internal static class FixtureWriter
{
    // Files of so few cases have been chosen by hand and are kept whole.
    private const int SmallFile = 120;

    private static readonly string[] s_kept = ["id", "model", "mix", "arch", "tool", "n_devices", "free_mib", "flags"];

    public static void Write(string casesPath, IReadOnlyDictionary<string, ModelDescription> models, string path, int casesOfEach)
    {
        JsonArray cases = [];
        JsonObject outlines = [];
        JsonNode all = JsonNode.Parse(File.ReadAllText(casesPath))!;
        JsonNode[] measured = [.. all["cases"]!.AsArray().Where(item => item!["error"] is null).Select(item => item!)];
        if (measured.Length <= SmallFile)
        {
            foreach (JsonNode item in measured)
            {
                string name = $"{item["model"]}.{item["mix"]}";
                outlines[name] ??= JsonSerializer.SerializeToNode(ModelOutline.Of(models[name]));
                cases.Add(Trim(item));
            }
        }

        foreach (IGrouping<string, JsonNode> group in measured.Length <= SmallFile ? [] : measured.GroupBy(item => (string)item["arch"]!))
        {
            // One model of an architecture, the first; its cases evenly over the list.
            string name = $"{group.First()["model"]}.{group.First()["mix"]}";
            JsonNode[] own = [.. group.Where(item => $"{item["model"]}.{item["mix"]}" == name)];
            outlines[name] = JsonSerializer.SerializeToNode(ModelOutline.Of(models[name]));
            for (int at = 0; at < casesOfEach; at++)
            {
                cases.Add(Trim(own[at * own.Length / casesOfEach]));
            }
        }

        File.WriteAllText(path, new JsonObject { ["models"] = outlines, ["cases"] = cases }.ToJsonString());
    }

    private static JsonObject Trim(JsonNode item)
    {
        JsonObject trimmed = [];
        foreach (string name in s_kept)
        {
            trimmed[name] = item[name]?.DeepClone();
        }

        trimmed["info"] = new JsonObject { ["sched_copies"] = item["info"]!["sched_copies"]?.DeepClone() ?? 1 };
        trimmed["devices"] = item["devices"]!.DeepClone();
        return trimmed;
    }
}
