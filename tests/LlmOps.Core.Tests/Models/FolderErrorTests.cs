using System.Text;
using LlmOps.Models;

namespace LlmOps.Core.Tests.Models;

public sealed class FolderErrorTests : IDisposable
{
    private const string Config = """{ "model_type": "llama", "num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 4 }""";

    private readonly ModelFolder _folder = new();

    public FolderErrorTests() => Write("config.json", Config);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Missing_data_is_refused_and_described_on_request()
    {
        SafetensorsFolder weights = new();
        weights.Tensor("model.layers.0.a.weight", "BF16", 100).Tensor("model.layers.1.a.weight", "BF16", 100).Write(_folder.PathOf("model.safetensors"), withData: false);

        Refused("ModelTruncated", "the file is cut short: 400 bytes of its tensors are missing");
        ModelDescription model = ModelReader.Read(_folder.Root, new ModelReadOptions(AllowIncomplete: true));

        Assert.Equal((400, 200), (model.SizeBytes, model.Weights.Layers[1].DenseBytes));
        Assert.Equal("model.safetensors: the file is cut short: 400 bytes of its tensors are missing", Assert.Single(model.Defects));
    }

    [Fact]
    public void Missing_files_are_named_and_described_on_request()
    {
        SafetensorsFolder first = new();
        SafetensorsFolder second = new();
        first.Tensor("model.layers.0.a.weight", "BF16", 100).Write(_folder.PathOf("one.safetensors"));
        second.Tensor("model.layers.1.a.weight", "BF16", 100).Tensor("mtp.fc.weight", "BF16", 100);
        Write("model.safetensors.index.json", SafetensorsFolder.Index(("one.safetensors", first), ("two.safetensors", second)));

        Refused("ModelPartMissing", "1 of the model's 2 weight files are missing from the folder: two.safetensors");
        ModelDescription model = ModelReader.Read(_folder.Root, new ModelReadOptions(AllowIncomplete: true));

        Assert.Equal((600, 1), (model.SizeBytes, model.NextTokenLayerCount));
        Assert.Contains("two.safetensors", Assert.Single(model.Defects));
    }

    [Fact]
    public void An_index_and_files_of_different_downloads_are_told()
    {
        SafetensorsFolder said = new SafetensorsFolder().Tensor("model.layers.0.a.weight", "BF16", 100);
        new SafetensorsFolder().Tensor("model.layers.0.b.weight", "BF16", 100).Write(_folder.PathOf("one.safetensors"));
        Write("model.safetensors.index.json", SafetensorsFolder.Index(("one.safetensors", said)));

        Refused("ModelInvalid", "1 tensors for one.safetensors, which holds 1, but not model.layers.0.a.weight");
    }

    [Theory]
    [InlineData("../x.safetensors")]
    [InlineData("/etc/passwd")]
    [InlineData("")]
    [InlineData("..")]
    public void An_index_that_leads_out_of_the_folder_is_not_followed(string file)
    {
        Write("model.safetensors.index.json", $$"""{ "weight_map": { "a": "{{file}}" } }""");

        Refused("ModelInvalid", "a must be given the name of a file in this folder");
    }

    [Theory]
    [InlineData("""{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"a":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}""", "the tensor a appears twice")]
    [InlineData("""{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,5]}}""", "4 bytes, but its data offsets are 0 to 5")]
    [InlineData("""{"a":{"dtype":"BF16","shape":[2],"data_offsets":[4,8]}}""", "begins at 4, that before it ends at 0")]
    [InlineData("""{"a":{"dtype":"BF16","shape":[9223372036854775807,9223372036854775807],"data_offsets":[0,4]}}""", "impossible shape")]
    [InlineData("""{"a":{"dtype":"BF16","shape":[-1],"data_offsets":[0,4]}}""", "whole numbers from 0")]
    [InlineData("""{"a":{"dtype":"Q9","shape":[1],"data_offsets":[0,4]}}""", "type Q9")]
    [InlineData("""{"a":{"shape":[1],"data_offsets":[0,4]}}""", "lacks its dtype")]
    [InlineData("""{"a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}} x""", "not JSON")]
    [InlineData("""{"a":[[[[[[[[[[[[]]]]]]]]]]]]}""", "must be an object")]
    [InlineData("""{"a":{"x":[[[[[[[[[[[[]]]]]]]]]]]]}}""", "not JSON")]
    [InlineData("""{"\uD800":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}}""", "not valid text")]
    [InlineData("{", "not JSON")]
    public void A_damaged_header_is_refused_with_what_is_wrong(string json, string problem)
    {
        _folder.Write("model.safetensors", [.. SafetensorsFolder.Head(json), 0, 0, 0, 0]);

        Refused("ModelInvalid", problem);
    }

    [Theory]
    [InlineData(new byte[] { 1, 2 }, "ModelTruncated", "2 bytes are there")]
    [InlineData(new byte[0], "ModelTruncated", "the file is empty")]
    [InlineData(new byte[] { 255, 255, 255, 255, 255, 255, 255, 127, (byte)'{' }, "ModelInvalid", "it claims 9223372036854775807 bytes")]
    [InlineData(new byte[] { 200, 0, 0, 0, 0, 0, 0, 0, (byte)'{' }, "ModelTruncated", "200 bytes of header at offset 8, 1 remain")]
    [InlineData(new byte[] { (byte)'P', (byte)'K', 3, 4, 5, 6, 7, 8, 9 }, "ModelNotSafetensors", "begins with the bytes 504B")]
    public void A_file_that_is_no_safetensors_file_is_refused(byte[] bytes, string id, string problem)
    {
        _folder.Write("model.safetensors", bytes);

        Refused(id, problem);
    }

    [Theory]
    [InlineData("{", "the JSON ends unfinished at offset 1")]
    [InlineData("{\n\"a\": x}", "damaged JSON at offset 7")]
    [InlineData("[]", "an object belongs here")]
    [InlineData("{}", "num_hidden_layers: is missing")]
    [InlineData("""{ "num_hidden_layers": 100000 }""", "more than the 4096")]
    [InlineData("""{ "num_hidden_layers": -1 }""", "-1 is not a whole number")]
    [InlineData("""{ "num_hidden_layers": "two" }""", "a whole number belongs here, not String")]
    [InlineData("""{ "num_hidden_layers": NaN }""", "a whole number belongs here")]
    public void A_damaged_configuration_is_refused_with_what_is_wrong(string json, string problem)
    {
        Write("config.json", json);
        new SafetensorsFolder().Tensor("a", "BF16", 1).Write(_folder.PathOf("model.safetensors"));

        Refused(json == "{" ? "ModelTruncated" : "ModelInvalid", problem);
    }

    [Fact]
    public void A_layer_beyond_the_configuration_is_refused()
    {
        new SafetensorsFolder().Tensor("model.layers.900.a.weight", "BF16", 1).Write(_folder.PathOf("model.safetensors"));

        Refused("ModelInvalid", "config.json says 2 layers, but there is a tensor model.layers.900.a.weight");
    }

    [Fact]
    public void Weights_in_pytorchs_own_format_and_adapters_are_named()
    {
        Write("pytorch_model.bin", "x");
        Refused("ModelFolderUnsupported", "PyTorch .bin files");
        Write("adapter_config.json", "{}");
        Refused("ModelFolderUnsupported", "a LoRA adapter, not a model");
    }

    private void Refused(string id, string problem)
    {
        ModelFormatException error = Assert.Throws<ModelFormatException>(() => ModelReader.Read(_folder.Root));
        Assert.Equal(id, error.ErrorId);
        Assert.Contains(problem, error.Message);
        Assert.DoesNotContain('\n', error.Message);
    }

    private void Write(string name, string text) => _folder.Write(name, Encoding.UTF8.GetBytes(text));
}
