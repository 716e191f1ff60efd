/** Whether somebody who says which codings they take takes gzip (RFC 9110 §12.5.3). Who says nothing is not asked to. */
export function takesGzip(acceptEncoding: string | string[] | undefined): boolean {
  // Taken apart rather than matched: a header of nothing but spaces costs a pattern the square of its length.
  const ranges = String(acceptEncoding ?? '')
    .split(',')
    .map(range => range.split(';').map(part => part.trim().toLowerCase()))
  const meant = ranges.find(([coding]) => coding === 'gzip') ?? ranges.find(([coding]) => coding === '*')
  return meant !== undefined && Number((meant[1] ?? 'q=1').replace(/^q=/, '')) > 0
}
