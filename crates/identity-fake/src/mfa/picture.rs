//! QR codes.

use png::{BitDepth, ColorType, Encoder};
use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

const LEVEL: EcLevel = EcLevel::M;
/// Larger images are rejected to save memory.
const MAX_WIDTH: u32 = 4096;

/// Draws a square QR code as PNG.
pub(super) fn draw(text: &str, size: i64) -> Result<Vec<u8>, String> {
    let code = encode(text).ok_or("To much data to encode")?;
    let width = code.width();
    let size = usize::try_from(size).unwrap_or_default();
    if size < width {
        return Err(format!("can not scale barcode to an image smaller than {width}x{width}"));
    }
    let pixels_wide =
        u32::try_from(size).ok().filter(|wide| *wide <= MAX_WIDTH).ok_or("image is too large")?;
    let scale = size / width;
    let margin = (size - width * scale) / 2;
    let colors = code.to_colors();
    let pixel = |x: usize, y: usize| {
        let module = |at: usize| at.checked_sub(margin).map(|at| at / scale).filter(|module| *module < width);
        let dark = module(x).zip(module(y)).is_some_and(|(x, y)| colors[y * width + x] == Color::Dark);
        if dark { 0 } else { u8::MAX }
    };
    let pixels: Vec<u8> =
        (0..size).flat_map(|y| (0..size).map(move |x| (x, y))).map(|(x, y)| pixel(x, y)).collect();

    let mut png = Vec::new();
    let mut encoder = Encoder::new(&mut png, pixels_wide, pixels_wide);
    encoder.set_color(ColorType::Grayscale);
    encoder.set_depth(BitDepth::Eight);
    let written = encoder.write_header().and_then(|mut writer| writer.write_image_data(&pixels));
    written.map_err(|error| error.to_string())?;
    Ok(png)
}

/// Encodes the text in byte mode, as the smallest QR code that fits.
fn encode(text: &str) -> Option<QrCode> {
    (1..=40).find_map(|version| {
        let mut bits = Bits::new(Version::Normal(version));
        bits.push_byte_data(text.as_bytes()).ok()?;
        bits.push_terminator(LEVEL).ok()?;
        QrCode::with_bits(bits, LEVEL).ok()
    })
}
